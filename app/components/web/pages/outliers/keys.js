// The keys of Outliers.

export const KEYS = [
  ["1 – 5", "judge the row by a score"],
  ["K", "keep the picture in the row"],
  ["← →", "in the row: to its neighbour"],
  ["Delete", "in the row: take the picture out"],
  ["← → ↑ ↓", "on the crop box: move it; + and − change its size, [ and ] turn it, R by 90 degrees"],
]

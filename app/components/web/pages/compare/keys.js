// The keys of Compare.

export const KEYS = [
  ["R", "resample: other seeds in all columns; in “Real or made?”: it is real"],
  ["+ −", "zoom in: fewer, larger samples; or out"],
  ["← → ↑ ↓", "on a wall: choose a sample in all columns"],
  ["P", "soft or visible pixels"],
  ["B", "blind: shuffle the columns and take their names away"],
  ["M", "in “Real or made?”: it was made"],
  ["N", "in a blind round: the next one"],
  ["Esc", "in a blind round: end it"],
]

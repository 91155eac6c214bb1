// The keys of Complete.

export const KEYS = [
  ["Space", "play or pause"],
  ["→ ←", "a pixel on or back"],
  ["↓ ↑", "to the end of the row, or back to its beginning"],
  ["Home, End", "to the first or the last pixel"],
  ["+ −", "faster or slower"],
  ["N", "a new seed"],
  ["C", "next class, where the model knows classes"],
  ["W", "draw from nothing, or hide and fill"],
  ["H", "hide a ready-made region: lower half, right half, middle, all"],
  ["E", "the brush erases, or hides"],
  ["U", "take the last change of the mask back"],
  ["M", "what a pixel sees, shown or not"],
  ["B", "bits: how surprising each pixel is, shown or not"],
  ["Tab to the picture, arrows", "move a cursor over it; Enter hides there, Shift + Enter uncovers"],
]

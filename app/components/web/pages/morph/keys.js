// The keys of Morph.

export const KEYS = [
  ["Space", "play or pause"],
  ["← →", "a frame back or on; on a key picture: to its neighbour"],
  ["Shift + ← →", "ten frames; on a key picture: move it along the strip"],
  ["Home, End", "to the first or the last frame"],
  ["S", "add a key picture from a new seed"],
  ["R", "draw all key pictures anew"],
  ["1 – 9", "add a bookmark of Explore"],
  ["Delete", "remove the focused key picture"],
  ["W", "next way: linear, spherical, norm-preserving"],
  ["L", "loop: go on from the last picture to the first"],
  ["N", "the nearest training pictures, shown or hidden"],
  ["P", "soft or visible pixels"],
  ["E", "make the film, MP4"],
]

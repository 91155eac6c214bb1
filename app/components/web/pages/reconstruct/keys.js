// The keys of Reconstruct.

export const KEYS = [
  ["← →", "on the tabs: another way to bring a picture"],
  ["← → ↑ ↓", "on the crop box: move it, with Shift by large steps"],
  ["+ −", "on the crop box: change its size; on the pad: the pen's width"],
  ["[ ]", "on the crop box: turn it by a degree; R by 90 degrees"],
  ["Space", "on the pad: put the pen down, or lift it"],
  ["U", "on the pad: take a stroke back; with Shift bring it again"],
]

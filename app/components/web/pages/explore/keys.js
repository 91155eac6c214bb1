// The keys of Explore.

export const KEYS = [
  ["← → ↑ ↓", "move the point on the plane, or the focused slider, by a step"],
  ["Shift + arrow", "by ten steps"],
  ["R", "random draw"],
  ["N", "nudge: a small random step"],
  ["U", "undo"],
  ["Shift + U", "redo"],
  ["0", "reset to where the model opens"],
  ["L", "where there are levels: freeze one after the other, then none"],
  ["K", "keep this picture as a bookmark"],
  ["1 – 9", "go to a bookmark"],
  ["G", "record a gesture, or stop; Morph plays it as a path"],
  ["Delete", "remove the focused bookmark"],
  ["H", "heat map of what the active axis moves"],
  ["D", "dots of the data on or off"],
  ["P", "soft or visible pixels"],
]

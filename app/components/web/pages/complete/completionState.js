// What a person has on the easel. It outlives a change of page, so that nothing is lost on the way to another and back.

import { stateOf } from "../../core/state.js"
import rows from "./state.json" with { type: "json" }

export const SEEDS = 2 ** 32
export const SPEEDS = [1, 3, 10, 30, 100, 300, Infinity] // pixels a second

/**
 * `label` is the name of the class that a model which knows it is told, and `y` its place there; `speed` a place in
 * SPEEDS; `threshold` the grey from which on a pixel is white, for a model of black and white; `hidden` by
 * "height×width" a mask of 1 where a pixel is hidden, `past` the masks before; `other` is the model beside which what
 * is seen is shown, and `loaded` whether what was kept before is back.
 */
export const completionState = stateOf("complete", rows)

const PRESETS = {
  lower: (row, _, height) => row >= height / 2,
  right: (_, column, __, width) => column >= width / 2,
  middle: (row, column, height, width) =>
    Math.abs(row + 0.5 - height / 2) < height / 4 && Math.abs(column + 0.5 - width / 2) < width / 4,
  all: () => true,
  none: () => false,
}

/** A mask of one of the ready-made regions: lower, right, middle, all or none. */
export function preset(name, height, width) {
  return Uint8Array.from({ length: height * width }, (_, pixel) =>
    PRESETS[name](Math.floor(pixel / width), pixel % width, height, width),
  )
}

/** The mask for pictures of a size; the lower half to begin with. */
export function mask([, height, width]) {
  return (completionState.hidden[`${height}×${width}`] ??= preset("lower", height, width))
}

/** Take another mask, and remember the one before. */
export function lay([, height, width], hidden) {
  const size = `${height}×${width}`
  completionState.past = [...completionState.past.slice(-49), { size, hidden: completionState.hidden[size] }]
  completionState.hidden[size] = hidden
}

/** Go back to the mask before; false where there is none of this size. */
export function undo([, height, width]) {
  const size = `${height}×${width}`
  const at = completionState.past.findLastIndex((before) => before.size === size)
  if (at < 0) return false
  completionState.hidden[size] = completionState.past.splice(at, 1)[0].hidden
  return true
}

/** What is kept: the masks with a bit for each pixel. */
export function packed() {
  const { hidden, ...fields } = completionState.kept()
  return { ...fields, hidden: Object.fromEntries(Object.entries(hidden).map(([size, one]) => [size, bits(one)])) }
}

function bits(hidden) {
  const bytes = new Uint8Array(Math.ceil(hidden.length / 8))
  hidden.forEach((one, pixel) => (bytes[pixel >> 3] |= one << (pixel & 7)))
  return btoa(String.fromCharCode(...bytes))
}

/** Take what was kept; its masks unless a person has changed one since. */
export function unpack({ hidden, ...fields }, say) {
  completionState.restore(fields, say)
  if (completionState.past.length) return
  for (const [size, text] of Object.entries(hidden ?? {})) {
    const [height, width] = size.split("×").map(Number)
    const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
    if (bytes.length === Math.ceil((height * width) / 8))
      completionState.hidden[size] = Uint8Array.from(
        { length: height * width },
        (_, pixel) => (bytes[pixel >> 3] >> (pixel & 7)) & 1,
      )
  }
}

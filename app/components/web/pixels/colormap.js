// Every colour that stands for a number or a kind: heat, and kinds that are told apart. app/views/charts.py reads the
// same table.

import palette from "./palette.json" with { type: "json" }

const STEPS = 255
const DENSEST = 0.94 // alpha of what is as hot as can be; what is cold shows the picture beneath

/** Colours of kinds, such as classes; there are more kinds than colours, and the first follows the last. */
export const kindColour = (kind) => palette.kinds[kind % palette.kinds.length]

const TABLE = Array.from({ length: STEPS + 1 }, (_, step) => between(step / STEPS))

/**
 * Heat, 0 to 1, as red, green, blue and alpha 0–1 of what lies over a picture: from red to yellow, by even steps of
 * lightness.
 */
export const heatColour = (heat) => TABLE[Math.max(0, Math.min(STEPS, Math.round(STEPS * heat)))]

/** Write heat into an image's bytes, from `at` on. */
export function paintHeat(rgba, at, heat) {
  const [red, green, blue, alpha] = heatColour(heat)
  rgba[at] = red
  rgba[at + 1] = green
  rgba[at + 2] = blue
  rgba[at + 3] = STEPS * alpha
}

function between(heat) {
  const part = heat * (palette.heat.length - 1)
  const at = Math.min(palette.heat.length - 2, Math.floor(part))
  const [low, high] = [palette.heat[at], palette.heat[at + 1]]
  return [...low.map((value, c) => value + (part - at) * (high[c] - value)), DENSEST * Math.sqrt(heat)]
}

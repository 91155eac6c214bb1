// What a person has in the row, and what they look at. It outlives a change of page.

import { stateOf } from "../../core/state.js"
import { context2d } from "../../pixels/canvas.js"
import { shown } from "../../source/sourceState.js"
import rows from "./state.json" with { type: "json" }

/**
 * `row` and `source` are the sources that the link carries, `laid` the pictures in the row beside the one on the desk;
 * `judged` is the one that classifier and density answer about, −1 that on the desk; `touched` is whether the row is a
 * person's own, `conditional` the density that may refuse, `loaded` whether the row that was kept before is back.
 */
export const state = stateOf("outliers", rows)

export const MOST = rows.find(({ name }) => name === "row")?.most ?? 0

/**
 * All pictures, that on the desk last.
 *
 * @returns {import("../../source/sourceState.js").Source[]}
 */
export const pictures = () => [...state.laid, shown()].filter(Boolean)

/**
 * The one that is asked about.
 *
 * @returns {import("../../source/sourceState.js").Source}
 */
export const judged = () => state.laid[state.judged] ?? shown()

/** Have the link lead back to the pictures; those of a person's own it cannot. */
export function linked() {
  const row = state.laid.map(({ query }) => query?.source).filter(Boolean)
  state.set({ row, source: shown()?.query?.source ?? "" })
  return state.link()
}

/** A picture as it is now, which later strokes on the desk leave alone. */
export function copied(source) {
  const canvas = document.createElement("canvas")
  Object.assign(canvas, { width: source.canvas.width, height: source.canvas.height })
  context2d(canvas, { willReadFrequently: true }).drawImage(source.canvas, 0, 0)
  return { ...source, canvas, crop: { ...source.crop } }
}

export const letter = (i) => String.fromCharCode(65 + (i % 26))

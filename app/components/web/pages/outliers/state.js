// What a person has in the row, and what they look at. It outlives a change of page.

import { context2d } from "../../pixels/canvas.js"
import { shown } from "../../source/sourceState.js"

export const state = {
  row: /** @type {import("../../source/sourceState.js").Source[]} */ ([]), // pictures beside the one on the desk
  model: null,
  score: "complexity",
  against: null, // the kind of strangers that scores are shown against, the model's first where it has no such
  judged: -1, // the picture in the row that classifier and density answer about; −1: the one on the desk
  conditional: null, // the density that may refuse
  touched: false, // whether the row is the person's own
  asked: 0, // number of the address that was followed last
  loaded: false, // whether the row that was kept before is back
}

/** All pictures, that on the desk last. */
export const pictures = () => [...state.row, shown()].filter(Boolean)

/** The one that is asked about. */
export const judged = () => state.row[state.judged] ?? shown()

/** The address that leads back here, as app/views/outliers.py reads it; pictures of a person's own have none. */
export function query() {
  const sources = state.row.map((source) => source.query?.source).filter(Boolean)
  return {
    model: state.model,
    score: state.score,
    against: state.against ?? "",
    row: sources.join(","),
    source: shown()?.query?.source ?? "",
  }
}

/** A picture as it is now, which later strokes on the desk leave alone. */
export function copied(source) {
  const canvas = document.createElement("canvas")
  Object.assign(canvas, { width: source.canvas.width, height: source.canvas.height })
  context2d(canvas, { willReadFrequently: true }).drawImage(source.canvas, 0, 0)
  return { ...source, canvas, crop: { ...source.crop } }
}

export const letter = (i) => String.fromCharCode(65 + (i % 26))

// What a person has on the desk: one source of each kind with its crop. It outlives a change of page.

import { context2d } from "../pixels/canvas.js"
import { look, start } from "./crop.js"

/**
 * A picture that was brought, drawn or sampled, and its crop.
 *
 * @typedef {object} Source
 * @property {HTMLCanvasElement} canvas
 * @property {import("./crop.js").Crop} crop
 * @property {string} title
 * @property {string | null} hint the data that it is like
 * @property {string[]} notes
 * @property {string} fit
 * @property {number} room the side of the square in which the crop may lie, of the longer side
 * @property {string} paper the colour of what lies around it
 * @property {boolean} colour
 * @property {{source?: string} | null} query what leads back to it in an address
 * @property {any[]} [faces] squares in which a face was found
 * @property {boolean} [live]
 */
/** @typedef {{width: number, erase: boolean, points: [number, number][], clear?: boolean}} Stroke */

export const sourceState = {
  kind: /** @type {string | null} */ (null), // of the source that is shown
  sources: /** @type {Record<string, Source>} */ ({}), // by kind
  strokes: /** @type {Stroke[]} */ ([]),
  gone: /** @type {Stroke[]} */ ([]), // strokes that were undone
  pen: { width: 36, erase: false, drawing: true },
  sample: { model: null, seed: 1 },
  upload: null, // by which Streamlit knows the file that was taken last
  crops: {}, // by source: how it was cropped before this page was loaded
  loaded: false, // whether what was kept before is back
}

/** The source that is shown, or undefined. */
export const shown = () => sourceState.sources[sourceState.kind ?? ""]

/**
 * A source. `fit` is "all" where the crop begins with the whole of it, else its largest square.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Partial<Source>} about
 * @returns {Source}
 */
export function source(canvas, { fit = "square", ...about }) {
  return {
    canvas,
    crop: start(canvas, fit),
    fit,
    title: "",
    hint: null,
    notes: [],
    query: null,
    room: 1.2,
    ...look(canvas),
    ...about,
  }
}

/** Lay a source on the desk. */
export function lay(kind, canvas, about) {
  sourceState.kind = kind
  const before = sourceState.crops[about.query?.source]
  delete sourceState.crops[about.query?.source]
  sourceState.sources[kind] = source(canvas, before ? { ...about, crop: before } : about)
  return sourceState.sources[kind]
}

/** A canvas whose pixels can be read often. */
export function sheet(width, height, fill = "#000") {
  const canvas = document.createElement("canvas")
  Object.assign(canvas, { width, height })
  const context = context2d(canvas, { willReadFrequently: true })
  context.fillStyle = fill
  context.fillRect(0, 0, width, height)
  return canvas
}

/** A picture of our own making, on a canvas: of `of` that are side by side in a file the one with `at` before it. */
export async function opened(url, at = 0, of = 1) {
  const image = Object.assign(new Image(), { src: url })
  await image.decode()
  const width = image.naturalWidth / of
  const canvas = sheet(width, image.naturalHeight)
  context2d(canvas).drawImage(image, -at * width, 0)
  return canvas
}

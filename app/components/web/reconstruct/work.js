// What a person has on the desk: one source of each kind with its crop, and the switches. It outlives a change of page.

import { look, start } from "./crop.js"

export const work = {
  kind: null, // of the source that is shown
  sources: {}, // by kind: {canvas, crop, title, hint, notes, room, paper, colour, query}
  strokes: [],
  gone: [], // strokes that were undone
  pen: { width: 36, erase: false, drawing: true },
  sample: { model: null, seed: 1 },
  hidden: new Set(), // kinds of pictures that are folded away
  classes: {}, // by model: the class that it is told
  switches: { map: false, soft: false, drawn: false, seed: 1 },
  searches: {}, // by model: how far its search has come
  upload: null, // by which Streamlit knows the file that was taken last
  asked: 0, // number of the address that was taken last; a lower one comes from a server that has just started
  crops: {}, // by source: how it was cropped before this page was loaded
  recalled: false, // whether what was kept before is back
}

/** The source that is shown, or undefined. */
export const shown = () => work.sources[work.kind]

/** A source. `fit` is "all" where the crop begins with the whole of it, else its largest square. */
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
  work.kind = kind
  const before = work.crops[about.query?.source]
  delete work.crops[about.query?.source]
  work.sources[kind] = source(canvas, before ? { ...about, crop: before } : about)
  return work.sources[kind]
}

/** A canvas whose pixels can be read often. */
export function sheet(width, height, fill = "#000") {
  const canvas = document.createElement("canvas")
  Object.assign(canvas, { width, height })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.fillStyle = fill
  context.fillRect(0, 0, width, height)
  return canvas
}

/** A picture of our own making, on a canvas. */
export async function opened(url) {
  const image = Object.assign(new Image(), { src: url })
  await image.decode()
  const canvas = sheet(image.naturalWidth, image.naturalHeight)
  canvas.getContext("2d").drawImage(image, 0, 0)
  return canvas
}

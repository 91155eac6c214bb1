// Answers of the live channel as things that a canvas can draw.

import { context2d, density } from "./canvas.js"
import { paintHeat } from "./colormap.js"

// The alpha of a pixel, whose red lies in the lowest byte: browsers run on little-endian machines only
const OPAQUE = 0xff000000

/** The pictures of an answer, ImageData each: a list where they came raw, else a promise of one. */
export function pictures(result) {
  return result.format === "raw" ? rawPictures(result) : sheet(result).then((all) => cut(result, all))
}

/** @typedef {import("../core/wire.js").Answer} Answer */

// Of an answer for one model its pictures, or all on one sheet; of one for several those of each, null for none
/** @param {Answer} answer */
export const decoded = ({ results: [result] }) => pictures(result)
/** @param {Answer} answer */
export const asSheet = ({ results: [result] }) => sheet(result)
/** @param {Answer} answer */
export const decodedEach = ({ results }) =>
  Promise.all(results.map((result) => (result.error ? null : pictures(result))))

/** Draw a picture, ImageData, on a canvas of its size. */
export function drawOn(canvas, image) {
  Object.assign(canvas, { width: image.width, height: image.height })
  context2d(canvas).putImageData(image, 0, 0)
}

function rawPictures(result) {
  const [count, height, width] = result.shape
  return Array.from({ length: count }, (_, i) => {
    const image = new ImageData(width, height)
    paint(result, i, image, 0, 0)
    return image
  })
}

/**
 * Write raw picture `i` of an answer into an image, from `left`, `top` on: a whole pixel at a time, as it lies in
 * memory.
 */
function paint({ shape: [, height, width, channels], payload }, i, image, left, top) {
  const bytes = new Uint8Array(payload, i * height * width * channels, height * width * channels)
  const pixels = new Uint32Array(image.data.buffer)
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0]
  let source = 0
  for (let row = top; row < top + height; row++) {
    const from = row * image.width + left
    for (let at = from; at < from + width; at++, source += channels)
      pixels[at] = OPAQUE | (bytes[source + blue] << 16) | (bytes[source + green] << 8) | bytes[source]
  }
}

/** All pictures of an answer on one drawable sheet, `result.columns` to a row. */
export async function sheet(result) {
  const { format, payload, columns } = result
  if (format !== "raw") return createImageBitmap(new Blob([payload], { type: `image/${format}` }))
  const [count, height, width] = result.shape
  const image = new ImageData(width * columns, height * Math.ceil(count / columns))
  for (let i = 0; i < count; i++) paint(result, i, image, ...corner(result, i))
  const canvas = new OffscreenCanvas(image.width, image.height)
  context2d(canvas).putImageData(image, 0, 0)
  return canvas
}

/**
 * Where picture `i` begins on a sheet.
 *
 * @returns {[left: number, top: number]}
 */
export function corner({ shape: [, height, width], columns }, i) {
  return [(i % columns) * width, Math.floor(i / columns) * height]
}

function cut(result, all) {
  const [count, height, width] = result.shape
  const context = context2d(new OffscreenCanvas(all.width, all.height))
  context.drawImage(all, 0, 0)
  return Array.from({ length: count }, (_, i) => context.getImageData(...corner(result, i), width, height))
}

/** Draws small pictures large, with soft or with visible pixels. */
export class Screen {
  constructor(canvas) {
    this.canvas = canvas
    this.context = context2d(canvas)
    this.small = new OffscreenCanvas(1, 1)
    this.soft = true
  }

  /** Fit the canvas to `width` × `height` CSS pixels of the page; draws the last picture again. */
  fit(width, height) {
    const scale = density()
    const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
    if (this.canvas.width === across && this.canvas.height === down) return
    this.canvas.width = across
    this.canvas.height = down
    this.redraw()
  }

  draw(image) {
    if (this.small.width !== image.width || this.small.height !== image.height) {
      this.small.width = image.width
      this.small.height = image.height
    }
    context2d(this.small).putImageData(image, 0, 0)
    this.filled = true
    this.redraw()
  }

  redraw() {
    if (!this.filled) return
    this.context.imageSmoothingEnabled = this.soft
    this.context.imageSmoothingQuality = "high"
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height)
    this.context.drawImage(this.small, 0, 0, this.canvas.width, this.canvas.height)
  }
}

/** How far two pictures lie apart: ImageData whose alpha is the change, and the mean change, 0 to 1. */
export function change(first, second) {
  const image = new ImageData(first.width, first.height)
  const differences = new Float32Array(first.width * first.height)
  let total = 0
  let largest = 1
  for (let pixel = 0; pixel < differences.length; pixel++) {
    let sum = 0
    for (let at = 4 * pixel; at < 4 * pixel + 3; at++) sum += Math.abs(first.data[at] - second.data[at])
    differences[pixel] = sum / 3
    total += differences[pixel]
    largest = Math.max(largest, differences[pixel])
  }
  differences.forEach((difference, pixel) => paintHeat(image.data, 4 * pixel, difference / Math.max(largest, 24)))
  return { image, mean: total / differences.length / 255 }
}

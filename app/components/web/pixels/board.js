// A picture drawn large, pixel by pixel, with what is laid over it: the veil of what is not drawn yet, heat, sight,
// marks.

import { context2d, density } from "./canvas.js"

const VEIL = [
  [158, 120, 84],
  [139, 104, 71],
] // two browns in squares: no grey or colour of a picture is mistaken for them

/** @typedef {(pixel: number) => number[] | null} Over red, green, blue and alpha 0–1 of what lies over a pixel */

export class Board {
  constructor(canvas) {
    this.canvas = canvas
    this.context = context2d(canvas)
    this.small = new OffscreenCanvas(1, 1)
  }

  /** Fit the canvas to `side` CSS pixels of its longer side. */
  fit([, height, width], side) {
    const scale = density()
    const cell = side / Math.max(height, width)
    Object.assign(this.canvas.style, {
      width: `${Math.floor(cell * width)}px`,
      height: `${Math.floor(cell * height)}px`,
    })
    const [across, down] = [Math.floor(cell * width * scale), Math.floor(cell * height * scale)]
    if (this.canvas.width === across && this.canvas.height === down) return
    Object.assign(this.canvas, { width: across, height: down })
  }

  /**
   * Draw a picture, bytes; `veiled(pixel)` tells which pixels are not drawn yet, `over(pixel)` gives what lies over
   * one; `marks` are pixels to frame, {pixel, colour, dashed}.
   *
   * @param {Over | null} over
   */
  paint(bytes, shape, veiled, over = null, marks = []) {
    const [, height, width] = shape
    const small = image(bytes, shape, veiled, over)
    Object.assign(this.small, { width, height })
    context2d(this.small).putImageData(small, 0, 0)
    this.context.imageSmoothingEnabled = false
    this.context.drawImage(this.small, 0, 0, this.canvas.width, this.canvas.height)
    for (const mark of marks) this.frame(mark, width, height)
  }

  frame({ pixel, colour, dashed = false, size = 1 }, width, height) {
    const { canvas, context } = this
    const [across, down] = [canvas.width / width, canvas.height / height]
    const line = Math.max(2, across / 8)
    const grow = ((size - 1) / 2) * across
    /** @type {[number, number, number, number]} */
    const box = [(pixel % width) * across - grow, Math.floor(pixel / width) * down - grow, size * across, size * down]
    for (const [stroke, thick] of [
      ["#000", line + 2],
      [colour, line],
    ]) {
      Object.assign(context, { strokeStyle: stroke, lineWidth: thick })
      context.setLineDash(dashed ? [3 * line, 2 * line] : [])
      context.strokeRect(...box)
    }
    context.setLineDash([])
  }

  /** The pixel under a pointer; outside the nearest. */
  pixel(event, [, height, width]) {
    const frame = this.canvas.getBoundingClientRect()
    const within = (value, length) => Math.max(0, Math.min(length - 1, Math.floor(value * length)))
    const [column, row] = [
      within((event.clientX - frame.left) / frame.width, width),
      within((event.clientY - frame.top) / frame.height, height),
    ]
    return row * width + column
  }
}

/**
 * Bytes as a picture to draw; `veiled` and `over` as the board has them.
 *
 * @param {Over | null} over
 */
export function image(bytes, [channels, height, width], veiled, over = null) {
  const made = new ImageData(width, height)
  const [green, blue] = channels === 3 ? [1, 2] : [0, 0]
  for (let pixel = 0; pixel < height * width; pixel++) {
    const at = pixel * channels
    const checks = VEIL[(Math.floor(pixel / width) + pixel) & 1]
    const colour = veiled(pixel) ? checks : [bytes[at], bytes[at + green], bytes[at + blue]]
    const veil = over?.(pixel)
    for (let c = 0; c < 3; c++)
      made.data[4 * pixel + c] = veil ? colour[c] * (1 - veil[3]) + veil[c] * veil[3] : colour[c]
    made.data[4 * pixel + 3] = 255
  }
  return made
}

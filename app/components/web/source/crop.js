// The crop: a square of the source, turned, mirrored and reduced to the pixels that a model sees.
//
// `x`, `y` (its middle) and `side` are pixels of the source; `quarter` counts turns of 90°, `angle` is the rest in
// degrees.

/**
 * @typedef {object} Crop
 * @property {number} x
 * @property {number} y
 * @property {number} side
 * @property {number} quarter
 * @property {number} angle
 * @property {boolean} flip
 * @property {boolean} invert
 * @property {boolean} grey
 */

import { context2d } from "../pixels/canvas.js"

export const LEAST = 0.06 // of the longer side of the source: the smallest crop
const FIGURE = 36 // levels of grey by which a pixel differs from the paper to count as part of the figure
const MARGIN = 1.35 // a box around a figure is so much larger than it: digits of the data sets stand in such a margin
const SUBPIXELS = 160 // pixels to which a side is drawn at least, before blocks of them are averaged

export const start = ({ width, height }, fit) => ({
  x: width / 2,
  y: height / 2,
  side: fit === "all" ? Math.max(width, height) : Math.min(width, height),
  quarter: 0,
  angle: 0,
  flip: false,
  invert: false,
  grey: false,
})

/** Degrees, clockwise. */
export const turned = ({ quarter, angle }) => 90 * quarter + angle

/** The side of the square around the source within which a crop may lie. */
export const reach = ({ canvas, room }) => room * Math.max(canvas.width, canvas.height)

/** The crop at the nearest place and size that the source allows. */
export function within(crop, source) {
  const { width, height } = source.canvas
  const room = reach(source)
  const side = clamp(crop.side, LEAST * Math.max(width, height), room)
  const play = (room - side) / 2
  const [middle, centre] = [width / 2, height / 2]
  return {
    ...crop,
    side,
    x: clamp(crop.x, middle - play, middle + play),
    y: clamp(crop.y, centre - play, centre + play),
  }
}

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high)

/** @type {ReturnType<typeof context2d> | undefined} */
let scratch

/** The bytes, height × width × channels, that a model of a shape [channels, height, width] sees of a crop. */
export function cut({ canvas, paper }, crop, [channels, height, width]) {
  const longer = Math.max(height, width)
  const fine = Math.max(1, Math.min(4, Math.round(SUBPIXELS / longer)))
  const scale = (fine * longer) / crop.side
  scratch ??= context2d(new OffscreenCanvas(1, 1), { willReadFrequently: true })
  Object.assign(scratch.canvas, { width: fine * width, height: fine * height })
  scratch.fillStyle = paper
  scratch.fillRect(0, 0, fine * width, fine * height)
  // A picture near its own size is averaged as it is, so that a model's own sample comes back unchanged.
  scratch.imageSmoothingEnabled = scale < 1 || scale > 1.2 * fine
  scratch.imageSmoothingQuality = "high"
  scratch.translate((fine * width) / 2, (fine * height) / 2)
  if (crop.flip) scratch.scale(-1, 1)
  scratch.rotate((-turned(crop) * Math.PI) / 180)
  scratch.scale(scale, scale)
  scratch.translate(-crop.x, -crop.y)
  scratch.drawImage(canvas, 0, 0)
  scratch.setTransform(1, 0, 0, 1, 0, 0)
  return averaged(scratch.getImageData(0, 0, fine * width, fine * height), fine, crop, channels)
}

/** Average blocks of fine × fine pixels. */
function averaged({ data, width: wide, height: high }, fine, { grey, invert }, channels) {
  const [width, height] = [wide / fine, high / fine]
  const bytes = new Uint8Array(width * height * channels)
  const sum = [0, 0, 0]
  for (let row = 0, at = 0; row < height; row++) {
    for (let column = 0; column < width; column++, at += channels) {
      sum.fill(0)
      for (let down = 0; down < fine; down++) {
        let source = 4 * ((row * fine + down) * wide + column * fine)
        for (let across = 0; across < fine; across++, source += 4)
          for (let c = 0; c < 3; c++) sum[c] += data[source + c]
      }
      const luma = 0.299 * sum[0] + 0.587 * sum[1] + 0.114 * sum[2]
      for (let c = 0; c < channels; c++) {
        const value = Math.round((grey || channels === 1 ? luma : sum[c]) / (fine * fine))
        bytes[at + c] = invert ? 255 - value : value
      }
    }
  }
  return bytes
}

/** What lies around the source: the mean colour of its border; and whether it has colours at all. */
export function look(canvas) {
  const { width, height } = canvas
  const { data } = context2d(canvas).getImageData(0, 0, width, height)
  const border = [0, 0, 0]
  let [count, coloured] = [0, 0]
  for (let pixel = 0, at = 0; pixel < width * height; pixel++, at += 4) {
    const [column, row] = [pixel % width, Math.floor(pixel / width)]
    if (Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 16) coloured++
    if (column && row && column < width - 1 && row < height - 1) continue
    for (let c = 0; c < 3; c++) border[c] += data[at + c]
    count++
  }
  return {
    paper: `rgb(${border.map((value) => Math.round(value / count)).join(" ")})`,
    colour: coloured > 0.01 * width * height,
  }
}

/** The crop around all that differs from the paper, with a margin; null where nothing does. */
export function around(source, crop) {
  const { canvas, paper } = source
  const { width, height } = canvas
  const { data } = context2d(canvas).getImageData(0, 0, width, height)
  const ground = paper.match(/\d+/g).map(Number)
  let [left, right, top, bottom] = [width, -1, height, -1]
  for (let pixel = 0, at = 0; pixel < width * height; pixel++, at += 4) {
    if (
      Math.abs(data[at] - ground[0]) + Math.abs(data[at + 1] - ground[1]) + Math.abs(data[at + 2] - ground[2]) <
      3 * FIGURE
    )
      continue
    const [column, row] = [pixel % width, Math.floor(pixel / width)]
    left = Math.min(left, column)
    right = Math.max(right, column)
    top = Math.min(top, row)
    bottom = Math.max(bottom, row)
  }
  if (right < 0) return null
  const side = MARGIN * Math.max(right - left + 1, bottom - top + 1)
  return within({ ...crop, x: (left + right + 1) / 2, y: (top + bottom + 1) / 2, side }, source)
}

// How far a reconstruction lies from what the model saw, from the bytes of both.

import { paintHeat } from "./colormap.js"

const HOT = 0.5 // difference, 0 to 1, that is drawn as hot as can be: the same for all models, so that maps compare

/** Bytes (height × width × channels) as a picture to draw. */
export function image(bytes, [channels, height, width]) {
  const made = new ImageData(width, height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let c = 0; c < 3; c++) made.data[4 * pixel + c] = bytes[pixel * channels + (channels === 3 ? c : 0)]
    made.data[4 * pixel + 3] = 255
  }
  return made
}

/** A picture's bytes, in the order in which they travel. */
export function bytesOf({ data, width, height }, channels) {
  const bytes = new Uint8Array(width * height * channels)
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let c = 0; c < channels; c++) bytes[pixel * channels + c] = data[4 * pixel + c]
  return bytes
}

/** Mean squared error of a pixel on [0, 1], and its map: where it is far off, it glows. */
export function compare(seen, made) {
  const map = new ImageData(made.width, made.height)
  let total = 0
  for (let at = 0; at < map.data.length; at += 4) {
    let far = 0
    for (let c = at; c < at + 3; c++) {
      const difference = (seen.data[c] - made.data[c]) / 255
      total += difference * difference
      far += Math.abs(difference) / 3
    }
    paintHeat(map.data, at, far / HOT)
  }
  return { error: total / (3 * made.width * made.height), map }
}

/** The part, 0 to 1, of held-out pictures whose error is smaller, from their quantiles in equal steps. */
export function rank(value, quantiles) {
  const above = quantiles.findIndex((quantile) => quantile > value)
  if (above === 0) return 0
  if (above < 0) return 1
  const [low, high] = [quantiles[above - 1], quantiles[above]]
  return (above - 1 + (value - low) / (high - low)) / (quantiles.length - 1)
}

export const figure = (value, digits = 3) =>
  (Math.abs(value) < 0.001 && value !== 0
    ? value.toExponential(1)
    : Number(value.toPrecision(digits)).toString()
  ).replace("-", "−")

const HUGE = 1e6 // nats from which on a power of ten is written
const FINEST = 5e-4 // an error of so small a part of a huge number is left out: nobody asks for the fifth digit
const CLOSED = 1e-4 // nats: a smaller error is rounding, of a closed form

/**
 * Nats and their standard error, by the digits that mean something: of the error one, or two where it begins with a 1.
 */
export function nats(value, error = 0) {
  if (!(error > CLOSED)) return minus(Math.abs(value) < HUGE ? value.toFixed(1) : powered(value, 2))
  const size = Math.floor(Math.log10(error))
  const decimals = error < 2 * 10 ** size ? 1 - size : -size
  if (Math.max(Math.abs(value), error) >= HUGE)
    return minus(error < FINEST * Math.abs(value) ? powered(value, 3) : powered(value, decimals, error))
  const written = (number) => (Math.round(number * 10 ** decimals) / 10 ** decimals).toFixed(Math.max(0, decimals))
  return minus(`${written(value)} ± ${written(error)}`)
}

/** A number, and its error where one is given to some decimals of a nat, in the power of ten of the larger. */
function powered(value, decimals, error) {
  const power = Math.floor(Math.log10(Math.max(Math.abs(value), error ?? 0)))
  const written = (number) =>
    (number / 10 ** power).toFixed(error === undefined ? decimals : Math.max(0, power + decimals))
  const both = error === undefined ? written(value) : `(${written(value)} ± ${written(error)})`
  return `${both} · 10${[...String(power)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`
}

const minus = (text) => text.replace("-", "−")

/** Whether a model knows only black and white pixels, and these are others. */
export const grey = (over, { data }) =>
  over === "binary" && data.some((value, at) => at % 4 < 3 && value > 0 && value < 255)

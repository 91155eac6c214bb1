// How far a reconstruction lies from what the model saw, from the bytes of both.

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
  for (let pixel = 0; pixel < width * height; pixel++) for (let c = 0; c < channels; c++) bytes[pixel * channels + c] = data[4 * pixel + c]
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
    const heat = Math.min(1, far / HOT)
    map.data.set([255, 40 + 190 * heat * heat, 30 + 60 * heat * heat, 235 * Math.sqrt(heat)], at)
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

export const figure = (value, digits = 3) => (Math.abs(value) < 0.001 && value !== 0 ? value.toExponential(1) : Number(value.toPrecision(digits)).toString()).replace("-", "−")
export const nats = (value) => value.toFixed(1).replace("-", "−")

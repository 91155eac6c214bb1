// Answers of the live channel as things that a canvas can draw.

/** One picture of a raw answer as ImageData. */
export function picture(header, bytes, index = 0) {
  const [, height, width, channels] = header.shape
  const image = new ImageData(width, height)
  spread(bytes, index * height * width * channels, channels, image.data)
  return image
}

function spread(bytes, from, channels, rgba) {
  const colour = channels === 3
  for (let at = 0, source = from; at < rgba.length; at += 4, source += channels) {
    rgba[at] = bytes[source]
    rgba[at + 1] = bytes[colour ? source + 1 : source]
    rgba[at + 2] = bytes[colour ? source + 2 : source]
    rgba[at + 3] = 255
  }
}

/** All pictures of an answer on one drawable sheet, `header.columns` to a row. */
export async function sheet(header, payload) {
  if (header.format === "jpeg") return createImageBitmap(new Blob([payload], { type: "image/jpeg" }))
  const [count, height, width] = header.shape
  const canvas = new OffscreenCanvas(width * header.columns, height * Math.ceil(count / header.columns))
  const context = canvas.getContext("2d")
  const bytes = new Uint8Array(payload)
  for (let i = 0; i < count; i++) {
    const [column, row] = [i % header.columns, Math.floor(i / header.columns)]
    context.putImageData(picture(header, bytes, i), column * width, row * height)
  }
  return canvas
}

/** Draws small pictures large, with soft or with visible pixels. */
export class Screen {
  constructor(canvas) {
    this.canvas = canvas
    this.context = canvas.getContext("2d")
    this.small = new OffscreenCanvas(1, 1)
    this.soft = true
  }

  /** Fit the canvas to `width` × `height` CSS pixels of the page; draws the last picture again. */
  fit(width, height) {
    const scale = Math.min(window.devicePixelRatio || 1, 2)
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
    this.small.getContext("2d").putImageData(image, 0, 0)
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

/** How far two raw pictures of an answer lie apart: ImageData whose alpha is the change, and the mean change, 0 to 1. */
export function change(header, bytes, first, second) {
  const [, height, width, channels] = header.shape
  const size = height * width * channels
  const image = new ImageData(width, height)
  const differences = new Float32Array(width * height)
  let total = 0
  let largest = 1
  for (let pixel = 0; pixel < differences.length; pixel++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) {
      const at = pixel * channels + channel
      sum += Math.abs(bytes[first * size + at] - bytes[second * size + at])
    }
    differences[pixel] = sum / channels
    total += differences[pixel]
    largest = Math.max(largest, differences[pixel])
  }
  differences.forEach((difference, pixel) => glow(image.data, 4 * pixel, difference / Math.max(largest, 24)))
  return { image, mean: total / differences.length / 255 }
}

function glow(rgba, at, heat) {
  rgba[at] = 255
  rgba[at + 1] = 40 + 190 * heat * heat
  rgba[at + 2] = 30 + 60 * heat * heat
  rgba[at + 3] = 240 * heat
}

// The cross-fade beside the path: the two key pictures of a segment laid over each other, as any slide show does it.

import { context2d, density } from "../../pixels/canvas.js"

export class Fade {
  constructor(canvas) {
    this.canvas = canvas
    this.context = context2d(canvas)
    this.soft = true
    this.shown = []
  }

  fit(width, height) {
    const scale = density()
    const [across, down] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
    if (this.canvas.width !== across || this.canvas.height !== down)
      Object.assign(this.canvas, { width: across, height: down })
    this.draw(...this.shown)
  }

  /** Show two pictures, of which the second covers the first by a part; nothing where one has not come yet. */
  draw(from, to, part) {
    this.shown = [from, to, part]
    const { context, canvas } = this
    context.globalAlpha = 1
    context.clearRect(0, 0, canvas.width, canvas.height)
    if (!from || !to) return
    context.imageSmoothingEnabled = this.soft
    context.imageSmoothingQuality = "high"
    context.drawImage(from, 0, 0, canvas.width, canvas.height)
    context.globalAlpha = part
    context.drawImage(to, 0, 0, canvas.width, canvas.height)
  }
}

// The live picture: whenever the view changes it is decoded, at most one request in flight, and drawn as it arrives.

import { telling } from "../../core/slot.js"
import { change, decoded, Screen } from "../../pixels/sheet.js"

const DELTA = 0.08 // of an axis' whole range, to either side, for the heat map

export class Picture {
  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(channel, parts, onDrawn, onError) {
    this.parts = parts
    this.onDrawn = onDrawn
    this.screen = new Screen(parts.canvas)
    this.heat = new Screen(parts.heat)
    this.heating = false
    this.frames = 0
    this.slot = channel.slot("live")
    this.failed = telling(onError)
  }

  /** Ask for the picture of a view; `since` is the time of the gesture that wanted it. */
  show(view, since = performance.now()) {
    const { z, card, active } = view
    const rows = new Float32Array((this.heating ? 3 : 1) * z.length)
    for (let row = 0; row * z.length < rows.length; row++) rows.set(z, row * z.length)
    if (this.heating) {
      const step = DELTA * (card.axes[active].high - card.axes[active].low)
      rows[z.length + active] += step
      rows[2 * z.length + active] -= step
    }
    /** @type {import("../../core/verbs.js").Operation} */
    const operation = { verb: "decode", model: card.name, rows: rows.length / z.length, y: view.y ?? undefined }
    const about = { z: z.join(","), since, active }
    this.slot
      .ask(operation, rows, decoded)
      .then((answer) => this.draw(answer, about))
      .catch(this.failed)
  }

  draw({ made: images, results, ms }, { z, since, active }) {
    this.screen.draw(images[0])
    const hot = images.length === 3 && this.heating
    this.parts.heat.hidden = !hot
    if (hot) {
      const { image, mean } = change(images[1], images[2])
      this.heat.draw(image)
      this.parts.heatNote(active, mean)
    }
    this.frames++
    const latency = performance.now() - since
    this.onDrawn({ frames: this.frames, model: results[0].model, z, ms, latency })
  }

  /** The largest size of the picture's own shape within the box, in CSS pixels. */
  fit(box, [, height, width]) {
    const scale = Math.min(box.clientWidth / width, box.clientHeight / height)
    const [across, down] = [Math.floor(width * scale), Math.floor(height * scale)]
    for (const canvas of [this.parts.canvas, this.parts.heat]) {
      canvas.style.width = `${across}px`
      canvas.style.height = `${down}px`
    }
    this.screen.fit(across, down)
    this.heat.fit(across, down)
  }

  get soft() {
    return this.screen.soft
  }

  set soft(soft) {
    this.screen.soft = soft
    this.screen.redraw()
  }
}

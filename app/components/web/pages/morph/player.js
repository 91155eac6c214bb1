// The live picture of the path: at each screen refresh the moment moves on and is decoded, one request in flight.

import { telling } from "../../core/slot.js"
import { decoded, Screen } from "../../pixels/sheet.js"

export class Player {
  /**
   * `on.moment(time)` hears of each moment, `on.drawn(…)` of each picture, `on.state()` of play and pause.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, canvas, on) {
    this.on = on
    this.walk = null
    this.time = 0
    this.playing = false
    this.frame = 0
    this.frames = 0
    this.shown = null
    this.screen = new Screen(canvas)
    this.slot = channel.slot("morph")
    this.failed = telling((sentence) => on.error(sentence))
  }

  open(walk) {
    this.walk = walk
    if (!walk.ready) this.pause()
    this.show()
  }

  toggle() {
    this.playing ? this.pause() : this.play()
  }

  play() {
    if (this.playing || !this.walk?.ready) return
    if (this.time >= 1) this.time = 0
    this.playing = true
    this.last = null
    this.frame = requestAnimationFrame((now) => this.tick(now))
    this.on.state()
  }

  pause() {
    if (!this.playing) return
    this.playing = false
    cancelAnimationFrame(this.frame)
    this.on.state()
  }

  tick(now) {
    const { loop, seconds } = this.walk.settings
    this.time += this.last === null ? 0 : Math.min(now - this.last, 250) / 1000 / seconds
    this.last = now
    if (this.time >= 1) this.time = loop ? this.time % 1 : 1
    this.show(now)
    if (this.time === 1) return this.pause()
    this.frame = requestAnimationFrame((next) => this.tick(next))
  }

  /** Go to a moment by hand. */
  seek(time, since) {
    this.pause()
    this.time = Math.min(1, Math.max(0, time))
    this.show(since)
  }

  /** Have the present moment decoded. */
  show(since = performance.now()) {
    const { walk, time } = this
    if (!walk?.ready) return this.slot.drop()
    const z = walk.path.at(time)
    /** @type {import("../../core/verbs.js").Operation} */
    const operation = { verb: "decode", model: walk.card.name, rows: 1, y: walk.y(time) ?? undefined }
    this.slot
      .ask(operation, z, decoded)
      .then((answer) => walk.card === this.walk.card && this.draw(answer, z, since))
      .catch(this.failed)
    this.on.moment(time, z)
  }

  draw({ made: [image], results: [{ model }], ms }, z, since) {
    this.screen.draw(image)
    this.shown = { image, model }
    this.frames++
    this.on.drawn({ frames: this.frames, model, z: z.join(","), ms, latency: performance.now() - since })
  }

  close() {
    this.pause()
  }
}

// A thumbnail that walks through the latent space, along a closed path between a few draws: those that its card names.
//
// From a to b it goes by cos θ · a + sin θ · b: of two draws of N(0, I) that is one too, at any θ. The middle of a
// straight way would lie where, in many dimensions, no draw ever lies. Codes without a prior are joined by straight
// lines.

import { telling } from "../../core/slot.js"
import { decoded } from "../../pixels/sheet.js"

const SEEDS = [3, 8, 21, 34, 55] // where the card names none
const SEGMENT = 1400 // milliseconds from one draw to the next

export class Walk {
  seeds = SEEDS
  truncation = 0.9

  /**
   * `on.shown(image)` gets each picture, `on.refuse(sentence)` why there is none.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(about, channel, on) {
    this.about = about
    this.on = on
    this.time = 0
    this.draws = null
    const { keys, truncation } = about.first
    if (keys.length > 1) Object.assign(this, { seeds: keys, truncation })
    this.pictures = channel.slot(`card-${about.name}`)
    this.starts = channel.slot(`draws-${about.name}`)
    this.failed = telling(on.refuse)
    this.draw()
  }

  draw() {
    this.starts
      .ask({ verb: "latents", model: this.about.name, seeds: this.seeds, truncation: this.truncation })
      .then(({ results: [result] }) => this.start(result))
      .catch(this.failed)
  }

  again() {
    if (this.draws) this.move(0)
    else this.draw()
  }

  start({ payload, shape }) {
    this.draws = new Float32Array(payload)
    this.latent = shape[1]
    this.move(0)
  }

  move(milliseconds) {
    if (!this.draws) return
    this.time += milliseconds
    const segment = Math.floor(this.time / SEGMENT) % this.seeds.length
    const part = (this.time % SEGMENT) / SEGMENT
    const ease = part * part * (3 - 2 * part)
    const angle = (ease * Math.PI) / 2
    const [here, there] = this.about.prior ? [Math.cos(angle), Math.sin(angle)] : [1 - ease, ease]
    const z = new Float32Array(this.latent)
    for (let axis = 0; axis < this.latent; axis++) {
      z[axis] =
        here * this.draws[segment * this.latent + axis] +
        there * this.draws[((segment + 1) % this.seeds.length) * this.latent + axis]
    }
    const { length } = this.about.classes
    const y = length ? segment % length : undefined
    this.pictures
      .ask({ verb: "decode", model: this.about.name, rows: 1, y }, z, decoded)
      .then(({ made: [image] }) => this.on.shown(image))
      .catch(this.failed)
  }
}

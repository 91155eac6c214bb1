// How surprising every pixel of the picture is to the model: bits, as heat over the board, and their sum.

import { telling } from "../../core/slot.js"
import { heatColour } from "../../pixels/colormap.js"
import { settle } from "../../ui/element.js"
import { completionState } from "./completionState.js"

// Milliseconds without another pixel after which the sum is asked for; a drawing under way asks as often
const REST = 180
const LEAST = 1 // bits that are drawn as hot as can be, at least: a picture without surprise stays cool

export class Surprise {
  /**
   * `on.painted()` hears that the board is to be painted anew, `on.picture()` gives {bytes, y, at, card} as it is
   * shown.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, parts, on) {
    this.parts = parts
    this.on = on
    this.bits = null
    this.asked = 0
    this.slot = channel.slot("surprise")
    this.settle = settle(() => this.ask(), REST)
  }

  /** The picture is another, or has grown: bits of pixels before stay what they are. */
  changed(fresh = false) {
    if (fresh) this.forget()
    if (!completionState.surprise) return this.on.painted()
    if (performance.now() - this.asked > REST) return this.ask()
    this.settle()
  }

  /** Take back what was said, and what is on its way: it is about another picture. */
  forget() {
    const { slot, parts } = this
    slot.drop()
    this.bits = null
    parts.surpriseSays.textContent = "The model is asked…"
    delete parts.surpriseSays.dataset.nats
  }

  ask() {
    if (!completionState.surprise) return
    this.asked = performance.now()
    const { bytes, y, at, card } = this.on.picture()
    this.slot
      .ask({ verb: "surprise", model: card.name, rows: 1, y: y ?? undefined }, bytes)
      .then(({ results: [result] }) => this.take(new Float32Array(result.payload), at))
      .catch(telling((sentence) => (this.parts.surpriseSays.textContent = sentence)))
  }

  take(bits, known) {
    this.bits = bits
    this.known = known // pixels that were drawn when it was asked
    this.tell()
  }

  /** Of how many pixels the bits are known, of those that are shown. */
  get at() {
    return Math.min(this.known, this.on.picture().at)
  }

  tell() {
    this.on.painted()
    const { bits, parts } = this
    if (!bits) return
    const { at } = this
    const { card } = this.on.picture()
    const some = bits.subarray(0, at)
    const sum = some.reduce((total, each) => total + each, 0)
    this.hottest = Math.max(LEAST, ...some)
    const nats = sum * Math.LN2
    const values = at * card.shape[0]
    const whole = at === bits.length
    parts.surpriseSays.dataset.nats = nats.toFixed(3)
    const parting = whole
      ? `−log p(x) = ${nats.toFixed(1)} nats`
      : `So far ${nats.toFixed(1)} nats, for ${at} of ${bits.length} pixels`
    parts.surpriseSays.textContent = at
      ? `${parting}: ${(sum / values).toFixed(3)} bits per dimension. ` +
        `${card.exact ? "Exact" : "By its conditionals alone"}. The colours go from 0 to ` +
        `${this.hottest.toFixed(1)} bits.`
      : "Nothing is drawn yet."
  }

  over(pixel) {
    const { bits } = this
    if (!completionState.surprise || !bits || pixel >= this.at) return null
    return heatColour(bits[pixel] / (this.hottest ?? LEAST))
  }

  close() {
    this.settle.cancel()
  }
}

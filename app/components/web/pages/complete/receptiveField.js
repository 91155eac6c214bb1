// Which pixels a pixel sees: by the slope of the model's own distribution there, beside another model's; and the masks
// of its layers, which make it so.

import { telling } from "../../core/slot.js"
import { element, settle } from "../../ui/element.js"
import { Board } from "../../pixels/board.js"
import { completionState } from "./completionState.js"

const SEEN = [20, 150, 190]
const AFTER = [90, 84, 76]
const BLIND = [214, 51, 108]
const REST = 180 // milliseconds without a change of the picture after which it is asked what the pixel sees in it
const FLOOR = 6 // powers of ten below the strongest slope that are told apart
const SIDE = 190 // CSS pixels of the other model's picture

/** @typedef {{slopes: Float32Array, pixel: number, card?: any}} Sensitivity how strongly each pixel moves one */

export class ReceptiveField {
  /** @type {any} */ card
  /** @type {Uint8Array} */ bytes = new Uint8Array()

  /**
   * `on.painted()` hears that the board is to be painted anew.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, parts, on) {
    this.parts = parts
    this.on = on
    this.pixel = null
    this.y = null
    /** @type {Sensitivity | null} */
    this.seen = null
    /** @type {Sensitivity | null} */
    this.other = null
    this.models = []
    this.mine = channel.slot("reach")
    this.others = channel.slot("reach-other")
    this.layers = channel.slot("masks")
    this.failed = telling((sentence) => (parts.reachSays.textContent = sentence))
    this.board = new Board(parts.otherBoard)
    this.settle = settle(() => this.again(), REST)
    parts.other.addEventListener("change", () => {
      completionState.other = parts.other.value
      this.again()
    })
  }

  /** Take another model: what it sees is asked anew, and models of the same pictures' size are offered beside it. */
  open(card, models) {
    Object.assign(this, { card, models, pixel: null })
    this.settle.cancel()
    this.forget()
    this.layers.drop()
    this.parts.otherBoard.hidden = true
    this.parts.masks.replaceChildren()
    const alike = models.filter((each) => each.name !== card.name && String(each.shape) === String(card.shape))
    if (!alike.some(({ name }) => name === completionState.other)) completionState.other = alike[0]?.name ?? ""
    this.parts.other.replaceChildren(
      element("option", { value: "" }, "no other model"),
      ...alike.map(({ name, title }) =>
        element("option", { value: name, selected: name === completionState.other }, title),
      ),
    )
    this.parts.other.disabled = !alike.length
    this.layers
      .ask({ verb: "masks", model: card.name })
      .then(({ results: [result] }) => this.drawMasks(result))
      .catch(this.failed)
  }

  /** Take back what was said, and what is on its way: it is about another picture. */
  forget() {
    const { parts } = this
    this.mine.drop()
    this.others.drop()
    Object.assign(this, { seen: null, other: null })
    parts.otherBoard.style.visibility = "hidden" // its place stays
    parts.reachSays.textContent = this.pixel === null ? "Point at a pixel of the picture." : "The model is asked…"
    for (const what of ["seen", "pixel"]) delete parts.reachSays.dataset[what]
  }

  /** The picture may be another: what a pixel sees stays true while its class and all before the pixel are the same. */
  changed({ bytes, y, card }) {
    if (this.pixel === null || card !== this.card) return
    const before = this.pixel * card.shape[0]
    if (y === this.y && bytes.subarray(0, before).every((byte, i) => byte === this.bytes[i])) return
    Object.assign(this, { bytes, y })
    this.forget()
    if (completionState.reach) this.settle()
  }

  /** Ask what a pixel of a picture sees. */
  look(pixel, bytes, y) {
    if (!completionState.reach || pixel === undefined) return
    this.settle.cancel()
    Object.assign(this, { pixel, bytes, y })
    /** @type {import("../../core/verbs.js").Operation} */
    const operation = { verb: "receptive", model: this.card.name, rows: 1, first: pixel, y: y ?? undefined }
    this.mine
      .ask(operation, bytes)
      .then((answer) => this.take({ seen: { slopes: slopesOf(answer), pixel } }))
      .catch(this.failed)
    const card = this.models.find(({ name }) => name === completionState.other)
    if (!card) return this.take({ other: null })
    this.others
      .ask({ ...operation, model: card.name, y: undefined }, bytes)
      .then((answer) => this.take({ other: { slopes: slopesOf(answer), pixel, card } }))
      .catch(this.failed)
  }

  again() {
    if (this.pixel !== null) this.look(this.pixel, this.bytes, this.y)
    this.on.painted()
  }

  /** @param {{seen?: Sensitivity, other?: Sensitivity | null}} found */
  take(found) {
    Object.assign(this, found)
    this.tell()
  }

  tell() {
    const { seen, other, parts } = this
    this.on.painted()
    parts.otherBoard.hidden = !other
    parts.otherBoard.style.visibility = other?.pixel === seen?.pixel ? "" : "hidden"
    if (!seen) return
    const count = ({ slopes }) => slopes.reduce((sum, slope) => sum + (slope > 0), 0)
    const name = place(seen.pixel, this.card.shape)
    const lines = [`The pixel at ${name} sees ${count(seen)} of the ${seen.pixel} before it.`]
    if (other && other.pixel === seen.pixel) {
      const blind = this.blind()
      lines.push(`${other.card.title} sees ${count(other)}.`)
      if (blind.mine)
        lines.push(`${blind.mine} that it sees ${blind.mine === 1 ? "is" : "are"} hidden from this one (pink).`)
      if (blind.its) lines.push(`${blind.its} that this one sees ${blind.its === 1 ? "is" : "are"} hidden from it.`)
      this.board.fit(other.card.shape, Math.min(SIDE, parts.reach.clientWidth || SIDE))
      this.board.paint(
        this.bytes,
        other.card.shape,
        () => false,
        (pixel) => colour(other, pixel, seen),
        [{ pixel: other.pixel, colour: "#fff" }],
      )
    }
    parts.reachSays.textContent = lines.join(" ")
    parts.reachSays.dataset.seen = count(seen)
    parts.reachSays.dataset.pixel = seen.pixel
  }

  /** How many pixels are seen by the other model alone, and by this one alone. */
  blind() {
    const [here, there] = [this.seen?.slopes ?? new Float32Array(), this.other?.slopes ?? new Float32Array()]
    const alone = (one, other) => one.filter((slope, pixel) => slope > 0 && !(other[pixel] > 0)).length
    return { mine: alone(there, here), its: alone(here, there) }
  }

  close() {
    this.settle.cancel()
  }

  /** What lies over a pixel of the board. */
  over(pixel) {
    return completionState.reach && this.seen
      ? colour(this.seen, pixel, this.other?.pixel === this.seen.pixel ? this.other : null)
      : null
  }

  // Masks

  drawMasks({ payload, shape, masks }) {
    const [count, side] = shape
    const all = new Float32Array(payload)
    const none = element("p", { class: "zt-cpl-says" }, "This model's layers are not masked convolutions.")
    const figures = Array.from({ length: count }, (_, i) =>
      figure(all.subarray(i * side * side, (i + 1) * side * side), side, masks[i].name),
    )
    this.parts.masks.replaceChildren(...(figures.length ? figures : [none]))
  }
}

const slopesOf = ({ results: [result] }) => new Float32Array(result.payload)

function figure(mask, side, name) {
  const middle = (side * side - 1) / 2
  const word = (seen, i) => `zt-cpl-cell${seen ? " zt-cpl-open" : ""}${i === middle ? " zt-cpl-middle" : ""}`
  const cells = Array.from(mask, (seen, i) => element("i", { class: word(seen, i) }))
  const grid = element(
    "div",
    {
      class: "zt-cpl-mask",
      role: "img",
      "aria-label":
        `Mask of the ${name}: ${mask.reduce((sum, seen) => sum + seen, 0)} of ${side * side} pixels are ` + "seen",
    },
    ...cells,
  )
  grid.style.setProperty("--cells", side)
  return element("figure", {}, grid, element("figcaption", {}, name))
}

/**
 * A seen pixel glows by the logarithm of its slope; what the other sees and this one does not is pink; what comes after
 * is dim.
 */
function colour({ slopes, pixel: centre }, pixel, other) {
  if (pixel === centre) return null
  if (pixel > centre) return [...AFTER, 0.78]
  if (slopes[pixel] > 0) {
    const most = slopes.reduce((high, slope) => Math.max(high, slope), 0)
    const power = Math.max(0, 1 + Math.log10(slopes[pixel] / most) / FLOOR)
    return [...SEEN, 0.22 + 0.68 * power]
  }
  return other?.slopes[pixel] > 0 ? [...BLIND, 0.7] : [...AFTER, 0.45]
}

/** A pixel's place as people say it. */
export function place(pixel, [, , width]) {
  return `row ${Math.floor(pixel / width) + 1}, column ${(pixel % width) + 1}`
}

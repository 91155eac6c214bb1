// A model that draws all pixels in one pass, beside the one that takes them one after the other; both times are told.

import { telling } from "../../core/slot.js"
import { element } from "../../ui/element.js"
import { decoded, Screen } from "../../pixels/sheet.js"
import { completionState } from "./completionState.js"

const SIDE = 150 // CSS pixels

export class Rival {
  alike = []
  pictures = ""
  /** @type {[seed: number, y: number | null]} */ asked = [0, null]

  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(channel, parts) {
    this.parts = parts
    this.card = null
    this.drawn = null
    this.trouble = ""
    this.screen = new Screen(parts.rivalCanvas)
    this.screen.soft = false
    this.draws = channel.slot("rival-draw")
    this.decodes = channel.slot("rival")
    parts.rival.addEventListener("change", () => {
      completionState.rival = parts.rival.value
      this.draw(...this.asked)
    })
  }

  /** Offer the models of the same data: a GAN first, and of a class only beside a model of classes. */
  open(card, samplers) {
    const alike = samplers.filter((each) => each.data === card.data && each.name !== card.name)
    const goes = ({ classes }) => !classes.length || card.classes.length
    const first =
      alike.find((each) => /GAN/.test(each.family) && goes(each)) ??
      alike.find(({ family }) => /adversarial/i.test(family)) ??
      alike[0]
    if (!alike.some(({ name }) => name === completionState.rival)) completionState.rival = first?.name ?? ""
    this.parts.rival.replaceChildren(
      ...alike.map(({ name, title, family }) =>
        element("option", { value: name, selected: name === completionState.rival }, `${title} · ${family}`),
      ),
    )
    Object.assign(this, { alike, pictures: card.pictures })
    for (const part of [this.parts.rival, this.parts.rivalCanvas]) part.hidden = !alike.length
    this.forget(null)
  }

  /** Take the picture away, and what is on its way: it is another's. */
  forget(drawing) {
    this.draws.drop()
    this.decodes.drop()
    Object.assign(this, { drawn: null, trouble: "" })
    this.parts.rivalCanvas.style.visibility = "hidden" // its place stays
    this.tell(drawing)
  }

  async draw(seed, y) {
    this.asked = [seed, y]
    this.forget(this.last)
    const card = (this.card = this.alike.find(({ name }) => name === completionState.rival))
    if (!card) return
    const label = card.classes.length ? Math.min(y ?? 0, card.classes.length - 1) : undefined
    try {
      const {
        results: [result],
      } = await this.draws.ask({ verb: "latents", model: card.name, seeds: [seed] })
      /** @type {import("../../core/verbs.js").Operation} */
      const asked = { verb: "decode", model: card.name, rows: 1, y: label }
      this.take(await this.decodes.ask(asked, new Float32Array(result.payload), decoded))
    } catch (error) {
      telling((sentence) => ((this.trouble = sentence), this.tell(this.last)))(error)
    }
  }

  take({ results: [result], made: [image] }) {
    const [, height, width] = result.shape
    const scale = SIDE / Math.max(height, width)
    this.screen.fit(scale * width, scale * height)
    Object.assign(this.parts.rivalCanvas.style, {
      width: `${Math.round(scale * width)}px`,
      height: `${Math.round(scale * height)}px`,
    })
    this.screen.draw(image)
    this.parts.rivalCanvas.style.visibility = ""
    this.drawn = result.ms.model
    this.tell(this.last)
  }

  /** Say both times; `drawing` is the one of the board. */
  tell(drawing) {
    this.last = drawing
    const { rivalSays } = this.parts
    if (!this.alike.length) return (rivalSays.textContent = `No model here draws ${this.pictures} in one pass.`)
    if (this.drawn === null) {
      delete rivalSays.dataset.once
      return (rivalSays.textContent = this.trouble || "It is asked for one picture…")
    }
    const mine = drawing?.model
      ? " Pixel by pixel, " +
        `${drawing.ready}${drawing.seeds.length > 1 ? ` in each of ${drawing.seeds.length} pictures` : ""} ` +
        `took ${time(drawing.model)} in the model so ` +
        `far${drawing.ready === drawing.total ? ", and that is all of them" : ""}.`
      : ""
    const [, height, width] = this.card.shape
    rivalSays.textContent = `All ${height * width} pixels in one pass: ${time(this.drawn)}.${mine}`
    rivalSays.dataset.once = this.drawn
  }
}

const time = (ms) => (ms < 1000 ? `${ms.toFixed(ms < 10 ? 1 : 0)} ms` : `${(ms / 1000).toFixed(1)} s`)

// A sample of another model as the picture to reconstruct: it knows exactly what such a picture looks like.

import { telling } from "../core/slot.js"
import { decoded, drawOn } from "../pixels/sheet.js"
import { button, element, labelled } from "./parts.js"
import { lay, sheet, sourceState } from "./sourceState.js"

const SEEDS = 2 ** 32

export class Sample {
  /** @param {import("../core/channel.js").Channel} channel */
  constructor(channel, on) {
    this.on = on
    this.models = []
    this.failed = null
    this.draws = channel.slot("sample-draw")
    this.decodes = channel.slot("sample")
    this.model = element("select", {
      class: "zt-rec-select",
      "aria-label": "Model that draws the sample",
      onchange: () => this.choose(this.model.value, sourceState.sample.seed),
    })
    this.seed = element("input", {
      class: "zt-rec-number",
      type: "number",
      min: 0,
      max: SEEDS - 1,
      step: 1,
      "aria-label": "Seed of the sample",
      onchange: () => this.choose(sourceState.sample.model, Number(this.seed.value)),
    })
    const next = button("Another", "Draw the next seed", () =>
      this.choose(sourceState.sample.model, sourceState.sample.seed + 1),
    )
    this.shown = null // what the picture is a sample of: {model, seed}
    this.says = element("p", { class: "zt-rec-says", role: "status" })
    this.panel = element(
      "div",
      {},
      element("div", { class: "zt-rec-line" }, this.model, labelled("seed", this.seed), next),
      this.says,
    )
  }

  offer(models) {
    this.models = models
    sourceState.sample.model = models.some(({ name }) => name === sourceState.sample.model)
      ? sourceState.sample.model
      : models[0]?.name
    this.model.replaceChildren(
      ...models.map(({ name, title }) =>
        element("option", { value: name, selected: name === sourceState.sample.model }, title),
      ),
    )
    this.seed.value = sourceState.sample.seed
  }

  has(model) {
    return this.models.some(({ name }) => name === model)
  }

  get card() {
    return this.models.find(({ name }) => name === sourceState.sample.model)
  }

  /** Draw a model's sample of a seed. */
  choose(model, seed) {
    const whole = Number.isInteger(seed) && seed >= 0 ? seed % SEEDS : 1
    Object.assign(sourceState.sample, { model, seed: whole })
    this.model.value = model
    this.seed.value = whole
    this.draw()
  }

  drop() {
    this.failed = null
    this.draws.drop()
    this.decodes.drop()
  }

  /** Have the sample drawn and decoded; one that was asked for before is not wanted any more. */
  async draw() {
    const { card } = this
    const { seed } = sourceState.sample
    this.drop()
    if (!card) return
    const y = card.classes.length ? seed % card.classes.length : undefined
    try {
      const {
        results: [result],
      } = await this.draws.ask({ verb: "latents", model: card.name, seeds: [seed] })
      const z = new Float32Array(result.payload)
      const {
        made: [image],
      } = await this.decodes.ask({ verb: "decode", model: card.name, rows: 1, y }, z, decoded)
      this.take(image, card, seed, y)
    } catch (error) {
      telling((sentence) => this.trouble(sentence, card.name, seed))(error)
    }
  }

  take(image, card, seed, y) {
    const canvas = sheet(image.width, image.height)
    drawOn(canvas, image)
    const title = `Sample of ${card.title}, seed ${seed}${y === undefined ? "" : `, class ${card.classes[y]}`}`
    this.shown = { model: card.name, seed }
    this.says.textContent = `${title}.`
    lay("sample", canvas, { fit: "all", title, hint: card.data, query: { source: `sample:${card.name}:${seed}` } })
    this.on.laid()
  }

  /** No sample came: model and seed stay those of the picture that is there. */
  trouble(sentence, model, seed) {
    this.failed = { model, seed }
    this.says.textContent = sentence
    if (!this.shown) return
    Object.assign(sourceState.sample, this.shown)
    this.model.value = sourceState.sample.model
    this.seed.value = sourceState.sample.seed
  }

  /** The engine is back: ask again for what it could not give. */
  again() {
    if (this.failed) this.choose(this.failed.model, this.failed.seed)
  }
}

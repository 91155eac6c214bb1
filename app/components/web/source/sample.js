// A sample of another model as the picture to reconstruct: it knows exactly what such a picture looks like.

import { context2d } from "../pixels/canvas.js"
import { pictures } from "../pixels/sheet.js"
import { button, element, labelled } from "./parts.js"
import { lay, sheet, sourceState } from "./sourceState.js"

const SEEDS = 2 ** 32

export class Sample {
  constructor(channel, on) {
    this.on = on
    this.models = []
    this.failed = null
    this.draws = channel.slot(
      "sample-draw",
      (answer) => this.decode(answer),
      (sentence) => this.trouble(sentence),
    )
    this.decodes = channel.slot(
      "sample",
      (answer) => this.take(answer),
      (sentence) => this.trouble(sentence),
    )
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

  draw() {
    this.failed = null
    if (this.card)
      this.draws.ask({ verb: "draw", model: this.card.name, seeds: [sourceState.sample.seed] }, null, {
        ...sourceState.sample,
      })
  }

  decode({ panels: [{ model, payload }], note }) {
    const classes = this.models.find(({ name }) => name === model)?.classes ?? []
    const y = classes.length ? note.seed % classes.length : undefined
    this.decodes.ask({ verb: "decode", model, rows: 1, y }, new Float32Array(payload), {
      ...note,
      word: y === undefined ? "" : `, class ${classes[y]}`,
    })
  }

  async take({ panels: [panel], note }) {
    const [image] = await pictures(panel)
    const canvas = sheet(image.width, image.height)
    context2d(canvas).putImageData(image, 0, 0)
    const card = this.models.find(({ name }) => name === panel.model)
    const title = `Sample of ${card.title}, seed ${note.seed}${note.word}`
    this.shown = { model: card.name, seed: note.seed }
    this.says.textContent = `${title}.`
    const query = { source: `sample:${card.name}:${note.seed}` }
    lay("sample", canvas, { fit: "all", title, hint: card.data, query })
    this.on.laid()
  }

  /** No sample came: model and seed stay those of the picture that is there. */
  trouble(sentence) {
    this.failed = { ...sourceState.sample }
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

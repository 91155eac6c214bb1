// The pictures that a link names, or with which a model begins: from the shelf, or drawn by a model of a seed.

import { context2d } from "../../pixels/canvas.js"
import { pictures as drawn } from "../../pixels/sheet.js"
import { source as laid, opened, sheet } from "../../source/sourceState.js"

const OWN = 3 // pictures of the model's own kind in a row that nobody has chosen

export class Loading {
  constructor(channel, say) {
    this.say = say
    this.shelf = []
    this.painters = []
    this.waits = null
    this.slot = channel.slot(
      "outliers-samples",
      (answer) => this.waits?.(answer.panels),
      (sentence) => this.waits?.([{ error: sentence }]),
    )
  }

  offer(shelf, painters) {
    Object.assign(this, { shelf, painters })
  }

  /** The pictures of sources {kind, name} or {kind, model, seed}, without those that cannot be had. */
  async all(sources) {
    const made = []
    for (const source of sources)
      made.push(source.kind === "shelf" ? await this.bundled(source.name) : await this.sample(source))
    return made.filter(Boolean)
  }

  async bundled(name) {
    const found = this.shelf.find((each) => each.name === name)
    return found ? picture(await opened(found.url), found.title, found.data, `bundled:${name}`) : null
  }

  async sample({ model, seed }) {
    const card = this.painters.find(({ name }) => name === model)
    if (!card) return null
    const y = card.classes.length ? seed % card.classes.length : undefined
    const [panel] = await new Promise((resolve) => {
      this.waits = resolve
      this.slot.ask({ verb: "wall", model, seeds: [seed], y, columns: 1 })
    })
    if (panel.error) {
      this.say(panel.error)
      return null
    }
    const [image] = await drawn(panel)
    const canvas = sheet(image.width, image.height)
    context2d(canvas).putImageData(image, 0, 0)
    return picture(canvas, `Sample of ${card.title}, seed ${seed}`, card.data, `sample:${model}:${seed}`)
  }

  /** What a model begins with: some pictures of its kind, and on the desk a stranger. */
  start(card) {
    const others = [
      ...(card.measured?.kinds ?? []).map(({ data }) => data),
      ...this.shelf.map(({ data }) => data),
    ].filter((data) => data && data !== card.data)
    const [stranger] = others.flatMap((data) => this.some(card, data, 1))
    return { row: this.some(card, card.data, OWN), desk: stranger ?? null }
  }

  /**
   * Sources of pictures of some data: samples of another model, that which comes nearest to it; else our drawings.
   *
   * @returns {import("../../source/sources.js").Asked[]}
   */
  some(card, data, count) {
    const able = this.painters.filter(({ name, data: of, implicit }) => implicit && of === data && name !== card.name)
    const [painter] = able.sort((a, b) => (a.distance ?? Infinity) - (b.distance ?? Infinity))
    if (painter) return Array.from({ length: count }, (_, i) => ({ kind: "sample", model: painter.name, seed: i + 1 }))
    const ours = this.shelf.filter(({ data: of }) => of === data)
    return ours.slice(0, count).map(({ name }) => ({ kind: "shelf", name }))
  }
}

const picture = (canvas, title, hint, from) => laid(canvas, { fit: "all", title, hint, query: { source: from } })

// The pictures that a link names, or with which a model begins: from the shelf, or drawn by a model of a seed.

import { pictures as drawn } from "../pixels.js"
import { source as laid, opened, sheet } from "../reconstruct/work.js"

const OWN = 3 // pictures of the model's own kind in a row that nobody has chosen

export class Loading {
  constructor(channel) {
    Object.assign(this, { shelf: [], painters: [], waits: null })
    this.slot = channel.slot("outliers-samples", (answer) => this.waits?.(answer.panels), (sentence) => this.waits?.([{ error: sentence }]))
  }

  offer(shelf, painters) {
    Object.assign(this, { shelf, painters })
  }

  /** The pictures of sources {kind, name} or {kind, model, seed}, without those that cannot be had. */
  async all(sources) {
    const made = []
    for (const source of sources) made.push(source.kind === "shelf" ? await this.bundled(source.name) : await this.sample(source))
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
    if (panel.error) return null
    const [image] = await drawn(panel)
    const canvas = sheet(image.width, image.height)
    canvas.getContext("2d").putImageData(image, 0, 0)
    return picture(canvas, `Sample of ${card.title}, seed ${seed}`, card.data, `sample:${model}:${seed}`)
  }

  /** What a model begins with: some pictures of its kind, and one that does not belong. */
  start(card) {
    const groups = Map.groupBy(this.shelf.filter(({ data }) => data === card.data), ({ group }) => group)
    const own = [...(groups.values().next().value ?? [])]
    const some = own.length > OWN ? [0, 1, 2].map((i) => own[Math.floor(((i + 0.5) * own.length) / OWN)]) : own
    const stranger = this.shelf.find(({ data, group }) => data === (card.measured?.data ?? (card.data === "mnist" ? "fashion" : "mnist")) && !groups.has(group))
    return { row: some.map(({ name }) => ({ kind: "shelf", name })), desk: stranger ? { kind: "shelf", name: stranger.name } : null }
  }
}

const picture = (canvas, title, hint, from) => laid(canvas, { fit: "all", title, hint, query: { source: from } })

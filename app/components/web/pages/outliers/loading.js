// The pictures that a link names, or with which a model begins: from the shelf, or drawn by a model of a seed.

import { Newest, Overtaken, telling } from "../../core/slot.js"
import { decodedEach, drawOn } from "../../pixels/sheet.js"
import { source as laid, opened, sheet } from "../../source/sourceState.js"

const OWN = 3 // pictures of the model's own kind in a row that nobody has chosen

export class Loading {
  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(channel, say) {
    this.say = say
    this.shelf = []
    this.painters = []
    this.slot = channel.slot("outliers-samples")
    this.newest = new Newest()
  }

  offer(shelf, painters) {
    Object.assign(this, { shelf, painters })
  }

  /**
   * The pictures of sources, without those that cannot be had. Where other pictures are asked for meanwhile, these are
   * overtaken.
   *
   * @param {import("../../source/sources.js").Asked[]} sources
   */
  async all(sources) {
    this.slot.drop()
    const made = await this.newest.of(this.load(sources))
    return made.filter(Boolean)
  }

  async load(sources) {
    const samples = sources.filter(({ kind, model }) => kind === "sample" && this.painter(model))
    const images = await this.draw(samples)
    const picture = (source) => {
      if (source.kind === "shelf") return this.bundled(source.name)
      return sampled(images.get(source), this.painter(source.model), source.seed)
    }
    return Promise.all(sources.map(picture))
  }

  painter(model) {
    return this.painters.find(({ name }) => name === model)
  }

  async bundled(name) {
    const found = this.shelf.find((each) => each.name === name)
    return found
      ? picture(await opened(found.url, found.at, found.of), found.title, found.data, `bundled:${name}`)
      : null
  }

  /** Have samples drawn, all in one request, by source. */
  async draw(samples) {
    const operation = ({ model, seed }) => {
      const { length } = this.painter(model).classes
      return { verb: "wall", model, seeds: [seed], y: length ? seed % length : undefined, columns: 1 }
    }
    const images = new Map()
    if (!samples.length) return images
    try {
      const asked = samples.map((source) => ({ operation: operation(source) }))
      const { results, made } = await this.slot.askAll(asked, decodedEach)
      const trouble = results.find(({ error }) => error)?.error
      if (trouble) this.say(trouble)
      samples.forEach((source, i) => made[i] && images.set(source, made[i][0]))
    } catch (error) {
      telling(this.say)(error)
      if (error instanceof Overtaken) throw error
    }
    return images
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

function sampled(image, card, seed) {
  if (!image) return null
  const canvas = sheet(image.width, image.height)
  drawOn(canvas, image)
  return picture(canvas, `Sample of ${card.title}, seed ${seed}`, card.data, `sample:${card.name}:${seed}`)
}

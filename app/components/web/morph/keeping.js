// What of Morph is kept: the paths of the models that were shown, beside what Explore keeps, whose bookmarks it offers.

import { fits } from "../explorer/view.js"
import { receive } from "./receive.js"
import { SETTINGS, Walk } from "./walk.js"

const LIMIT = 20 << 10 // characters of all paths, of the 48 KB that a view may have

export class Keeping {
  constructor(morph) {
    Object.assign(this, { morph, body: null })
  }

  compose() {
    const { walks, walk } = this.morph
    const paths = {}
    for (const one of [walk, ...[...walks.values()].reverse()]) {
      const { keys, settings, card } = one
      const path = { ...settings, keys: keys.map(({ z, y, origin }) => ({ z, y, origin })) }
      if (JSON.stringify({ ...paths, path }).length < LIMIT) paths[card.name] ??= path
    }
    return { morph: { model: walk.card.name, paths }, handed: null }
  }

  /** Take what was kept before; keys that a person has touched since stay. */
  recalled(body) {
    this.body = body
    const { models, walks, walk } = this.morph
    for (const [name, path] of Object.entries(body?.morph?.paths ?? {})) {
      const card = models.find((model) => model.name === name)
      if (!card || !path.keys.every((key) => fits(key, card))) continue
      const kept = walks.get(name) ?? new Walk(card)
      kept.take({ ...SETTINGS, ...path })
      walks.set(name, kept)
      if (kept !== walk) continue
      this.morph.draws.drop()
      this.morph.changed()
    }
    this.morph.words.marks()
    if (body?.handed) receive(this.morph, body.handed)
  }

  /** The bookmarks of Explore for the present model, by place; those that do not fit it are left out. */
  marks() {
    const { card } = this.morph.walk
    return (this.body?.bookmarks?.[card.name] ?? []).map((mark) => (mark && fits(mark, card) ? mark : null))
  }
}

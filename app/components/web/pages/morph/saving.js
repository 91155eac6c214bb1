// What of Morph is kept: the paths of the models that were shown, beside what Explore keeps, whose bookmarks it offers.

import { fits } from "../../latent/view.js"
import { receive } from "./receive.js"
import { state } from "./state.js"
import { SETTINGS, Walk } from "./walk.js"

export class Saving {
  /** @param {import("./index.js").Morph} morph */
  constructor(morph) {
    this.morph = morph
    this.body = null
  }

  /** All paths, the one that is shown first, then those opened last: so they are kept as far as there is room. */
  compose() {
    const { walks, walk } = this.morph
    const paths = {}
    for (const { keys, settings, card } of [walk, ...[...walks.values()].reverse()]) {
      paths[card.name] ??= { ...settings, keys: keys.map(({ z, y, origin }) => ({ z, y, origin })) }
    }
    state.paths = paths
    return { morph: { model: walk.card.name, ...state.kept() }, handed: null }
  }

  /** Take what was kept before; keys that a person has touched since stay. */
  loaded(body) {
    this.body = body
    const { models, walks, walk } = this.morph
    const strange = []
    state.restore(body?.morph, this.morph.say)
    for (const [name, path] of Object.entries(state.paths)) {
      const card = models.find((model) => model.name === name)
      if (!card || !path?.keys?.every((key) => fits(key, card))) {
        strange.push(name)
        continue
      }
      const kept = walks.get(name) ?? new Walk(card)
      kept.take({ ...SETTINGS, ...path })
      walks.set(name, kept)
      if (kept !== walk) continue
      this.morph.draws.drop()
      this.morph.changed()
    }
    if (strange.length)
      this.morph.say(
        `There is no model here any more that the kept path of ${strange.join(", ")} fits; it is left out.`,
        9000,
      )
    this.morph.words.marks()
    if (body?.handed) receive(this.morph, body.handed)
  }

  /** The bookmarks of Explore for the present model, by place; those that do not fit it are left out. */
  marks() {
    const { card } = this.morph.walk
    return (this.body?.bookmarks?.[card.name] ?? []).map((mark) => (mark && fits(mark, card) ? mark : null))
  }
}

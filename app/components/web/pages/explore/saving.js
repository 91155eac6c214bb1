// What of Explore is kept, and how it comes back.

import { fits, same } from "../../latent/view.js"
import { state } from "./state.js"

export class Saving {
  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
  }

  /** Note how the present model is left, and keep everything. */
  note() {
    const { view, persistence } = this.explorer
    const { model, ...query } = view.query()
    const { [model]: _, ...others } = state.views
    state.views = { ...others, [model]: query } // the one seen last comes last
    persistence.now()
  }

  compose() {
    const { card, view, bookmarks, levels, directions } = this.explorer
    const { z, y, past, at, seed, truncation } = view
    const shown = { model: card.name, z, y, axes: view.chosenAxes ? view.axes : null, past, at, seed, truncation }
    return { ...state.kept(), ...shown, bookmarks: bookmarks.kept(), levels: levels.all, directions: directions.all }
  }

  /** Take what was kept before, in this page or before it was loaded. */
  loaded(body, inPage) {
    if (!body?.model) return // nothing, or nothing of this page
    const { bookmarks, commands, captions, levels, directions } = this.explorer
    const { soft, dots, views } = body
    state.restore({ soft, dots, views: { ...views, ...state.views } }, this.explorer.say)
    bookmarks.restore(body.bookmarks)
    levels.restore(body.levels)
    directions.restore(body.directions)
    if (!inPage) this.wayBack(body)
    commands.restore(body)
    captions.buttons()
  }

  /** Take the history that was kept; the view itself only where the address says nothing else. */
  wayBack(body) {
    const { card, view, models, given } = this.explorer
    const touched = view.past.length > 1 || !same(view, view.past[0])
    const here = body.model === card.name && body.past.every((step) => fits(step, card)) && body.at in body.past
    const stayed = here && same(view, body.past[body.at])
    if (here) view.remember(body.past, body.at)
    if (touched) return
    if (here && (stayed || !given.includes("z"))) this.comeBack(body)
    else if (!given.includes("model") && models.some(({ name }) => name === body.model))
      this.explorer.ask(body.model, false)
  }

  comeBack({ z, y, axes }) {
    const { card, view, motion } = this.explorer
    if (!fits({ z, y }, card) || same({ z, y }, view)) return
    view.place({ z, y, axes })
    this.explorer.unwritten = true
    motion.show()
    this.explorer.rebuild()
    this.explorer.settleSoon()
  }
}

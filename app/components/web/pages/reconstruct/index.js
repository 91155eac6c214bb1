// Reconstruct: one picture on the left, and on the right what every model makes of it. Streamlit calls the default
// export at each data change.

import { Page } from "../../core/page.js"
import { visit } from "../../core/address.js"
import { KeptPictures } from "../../core/pictures.js"
import { settle } from "../../ui/element.js"
import { linkTo } from "../../core/share.js"
import { mounting } from "../../core/mount.js"
import { PictureSource } from "../../source/pictureSource.js"
import { asked, composed, restore } from "../../source/saving.js"
import { layout } from "../../source/parts.js"
import { KEYS } from "./keys.js"
import { Rows } from "./rows.js"
import { shown } from "../../source/sourceState.js"
import { state } from "./state.js"

const REST = 220 // milliseconds without a change after which the hand counts as resting

export default mounting("reconstruct", (...given) => new Reconstruct(...given))

class Reconstruct extends Page {
  kept = Promise.withResolvers() // what was on the desk

  constructor(root, page) {
    super(root, page, { name: "reconstruct", keys: KEYS, state })
    const parts = (this.parts = layout(this))
    const { say } = this
    this.pictures = new KeptPictures(page, { changed: () => this.persistence.now(), say })
    this.pictureSource = new PictureSource(this.channel, parts, {
      laid: (source) => this.laid(source),
      changed: (source) => this.changed(source),
      say,
    })
    const invert = () => this.pictureSource.crop({ ...shown().crop, invert: !shown().crop.invert })
    this.rows = new Rows(this.channel, parts, {
      changed: () => this.pictureSource.changed(),
      invert,
      empty: () => this.pictureSource.empty,
      explore: (query) => this.explore(query),
      morph: (key) => this.morph(key),
    })
    this.settle = settle(() => this.rows.settled(), REST)
    this.persistence.load()
    this.listen()
  }

  // Streamlit

  update({ data, setStateValue }) {
    state.send = setStateValue
    this.rows.offer(data.models)
    this.pictureSource.offer(data.models, data)
    this.begin(data.asked)
  }

  /** Lay the first picture on the desk: what an address asks for, else what lay there, else the first there is. */
  async begin(address) {
    const kept = await this.kept.promise
    if (state.news(address)) {
      state.take(address)
      if (address.notices.length) this.toasts.say(address.notices.join(" "), 12000)
      const source = asked(state.source)
      if (source) return this.pictureSource.follow(source)
    }
    if (this.begun) return
    this.begun = true
    this.pictureSource.resume(kept, this.pictureSource.sources.ways.shelf.all.length ? "shelf" : "draw")
  }

  /** Have an address that leads back to the picture; those of a person's own have none. */
  write() {
    if (!shown()) return // one that is opened just now will write its own
    state.source = shown().query?.source ?? ""
    state.write()
  }

  explore(query) {
    visit(linkTo(this.page, query))
  }

  /** Leave a latent for Morph as a key, and have Morph opened. */
  morph({ model, title, ...key }) {
    const origin = { kind: "picture", seed: null, truncation: null, name: title.slice(0, 60) }
    this.persistence.hand({ model, keys: [{ ...key, origin }] })
    visit(linkTo(this.page, { model }, "morph"))
  }

  // The picture

  /** Another picture lies on the desk. */
  laid(source) {
    this.rows.clear()
    this.settle.cancel()
    if (!source) return
    this.write()
    this.rows.sort()
    this.pictureSource.paint()
    this.rows.settled()
    this.persistence.now()
  }

  /** The crop, or what lies under it, has changed: those in sight follow now, at rest all. */
  changed(source) {
    if (!source) return
    this.settle()
    this.rows.follow()
    this.persistence.soon()
  }

  compose() {
    return composed(this.pictures)
  }

  async restore(body) {
    await restore(body?.desk, this.pictures)
    this.kept.resolve(body?.desk)
  }

  again() {
    this.pictureSource.again()
    this.pictureSource.changed()
  }

  close() {
    this.settle.cancel()
    this.pictureSource.close()
    this.rows.close()
    super.close()
  }
}

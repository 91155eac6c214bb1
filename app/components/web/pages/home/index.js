// Home: the gallery. Every thumbnail is drawn now; cards that are seen take turns in moving, the hovered one moves
// always.

import { Channel } from "../../core/channel.js"
import { reducedMotion } from "../../ui/element.js"
import { mounting } from "../../core/mount.js"
import { Toasts } from "../../ui/toasts.js"
import { Card } from "./card.js"
import { grow } from "./tree.js"

const TURN = 3500 // milliseconds that a card moves before the next one does
const FRAME = 66 // milliseconds between two pictures of a card that moves by itself

export default mounting("home", (...given) => new Gallery(...given), "gallery")

class Gallery {
  constructor(root, page) {
    this.root = root
    this.page = page
    this.made = new Map()
    this.cards = []
    this.shown = ""
    this.toasts = new Toasts()
    this.channel = new Channel(page, {
      onLine: (state, why) => this.toasts.line(state, why),
      onEngine: (state) => this.engine(state),
    })
    const see = ({ target, isIntersecting }) =>
      this.cards.filter((card) => card.element === target).forEach((card) => (card.seen = isIntersecting))
    this.seen = new IntersectionObserver((entries) => entries.forEach(see))
    this.timer = setInterval(() => this.tick(), FRAME)
  }

  update({ data }) {
    const wanted = JSON.stringify([data.tree, data.cards])
    if (wanted === this.shown) return
    this.shown = wanted
    this.seen.disconnect()
    this.cards = data.cards.map((about) => this.card(about))
    this.root.replaceChildren(grow(data.tree, data.families, this.cards), this.toasts.element)
    this.cards.forEach((card) => this.seen.observe(card.element))
  }

  /** A card keeps its picture while others are shown. */
  card(about) {
    const key = JSON.stringify(about)
    if (!this.made.has(key)) this.made.set(key, new Card(about, this.channel, this.page))
    return this.made.get(key)
  }

  engine(state) {
    this.toasts.engine(state)
    if (state === "ready") this.made.forEach((card) => card.again())
  }

  tick() {
    if (document.hidden || reducedMotion() || this.channel.engine !== "ready") return
    const visible = this.cards.filter((card) => card.seen)
    if (!visible.length) return
    const turn = visible[Math.floor(performance.now() / TURN) % visible.length]
    for (const card of visible) if (card === turn || card.hovered) card.move(FRAME)
  }

  close() {
    clearInterval(this.timer)
    this.seen.disconnect()
    this.toasts.close()
    this.channel.close()
  }
}

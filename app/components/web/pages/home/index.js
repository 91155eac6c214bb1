// Home: the gallery. Every thumbnail is drawn now; cards that are seen take turns in moving, the hovered one moves
// always.

import { Page } from "../../core/page.js"
import { element, reducedMotion } from "../../ui/element.js"
import { mounting } from "../../core/mount.js"
import { Card } from "./card.js"
import { KEYS } from "./keys.js"
import { grow } from "./tree.js"

const TURN = 3500 // milliseconds that a card moves before the next one does
const FRAME = 66 // milliseconds between two pictures of a card that moves by itself

export default mounting("home", (...given) => new Gallery(...given), "gallery")

class Gallery extends Page {
  constructor(root, page) {
    super(root, page, { name: "home", keys: KEYS })
    this.made = new Map()
    this.cards = []
    this.shown = ""
    const see = ({ target, isIntersecting }) =>
      this.cards.filter((card) => card.element === target).forEach((card) => (card.seen = isIntersecting))
    this.seen = new IntersectionObserver((entries) => entries.forEach(see))
    this.timer = setInterval(() => this.tick(), FRAME)
    this.listen()
  }

  update({ data }) {
    const wanted = JSON.stringify([data.tree, data.cards])
    if (wanted === this.shown) return
    this.shown = wanted
    this.seen.disconnect()
    this.cards = data.cards.map((about) => this.card(about))
    this.arrange(element("div", { class: "zt-tools" }, ...this.tools), grow(data.tree, data.families, this.cards))
    this.cards.forEach((card) => this.seen.observe(card.element))
  }

  /** A card keeps its picture while others are shown. */
  card(about) {
    const key = JSON.stringify(about)
    if (!this.made.has(key)) this.made.set(key, new Card(about, this.channel, this.page))
    return this.made.get(key)
  }

  again() {
    this.made.forEach((card) => card.again())
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
    super.close()
  }
}

// One model's card: a link to the page that shows it, and a thumbnail that it draws now.

import { visit } from "../../core/address.js"
import { element } from "../../ui/element.js"
import { Screen } from "../../pixels/sheet.js"
import { Raster } from "./raster.js"
import { Walk } from "./walk.js"

export class Card {
  constructor(about, channel, page) {
    this.about = about
    this.seen = false
    this.hovered = false
    this.screen = new Screen(
      element("canvas", { role: "img", "aria-label": `A picture that ${about.title} makes now` }),
    )
    this.element = this.build(page)
    const shown = (image) => this.show(image)
    const refuse = (sentence) => (this.words.textContent = sentence)
    this.motion = new (about.decodes ? Walk : Raster)(about, channel, { shown, refuse })
  }

  /** The engine is back: ask again for what it could not give. */
  again() {
    if (this.words.textContent === this.about.text) return
    this.words.textContent = this.about.text
    this.motion.again()
  }

  build(page) {
    const { name, short, text, family, latent, shape, decodes } = this.about
    const [, height, width] = shape
    const scale = Math.max(1, Math.round(240 / height))
    this.screen.fit(width * scale, height * scale)
    this.screen.soft = decodes
    this.words = element("p", {}, text)
    const facts = element("p", { class: "zt-facts" }, `${family} · ${decodes ? `${latent} latents` : "no latents"}`)
    const card = element(
      "a",
      {
        class: "zt-card",
        href: new URL(`${decodes ? "explore" : "complete"}?model=${encodeURIComponent(name)}`, page).href,
        "data-model": name,
      },
      element("div", { class: "zt-thumb" }, this.screen.canvas),
      element("div", { class: "zt-words" }, element("h3", {}, short), this.words, facts),
    )
    card.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
      event.preventDefault()
      visit(card.href)
    })
    card.addEventListener("pointerenter", () => (this.hovered = true))
    card.addEventListener("pointerleave", () => (this.hovered = false))
    card.addEventListener("focus", () => (this.hovered = true))
    card.addEventListener("blur", () => (this.hovered = false))
    return card
  }

  move(milliseconds) {
    this.motion.move(milliseconds)
  }

  show(image) {
    this.screen.draw(image)
    this.element.dataset.drawn = "true"
  }
}

// One model's card: a link to Explore, and a thumbnail that walks along a closed path between a few random draws.

import { element } from "../element.js"
import { pictures, Screen } from "../pixels.js"

const SEEDS = [3, 8, 21, 34, 55]
const LEG = 1400 // milliseconds from one draw to the next

export class Card {
  constructor(about, channel, page, open) {
    Object.assign(this, { about, time: 0, draws: null, seen: false, hovered: false })
    this.screen = new Screen(element("canvas", { role: "img", "aria-label": `A picture that ${about.title} makes now` }))
    this.element = this.build(page, open)
    this.element.zoetropeCard = this
    const refuse = (sentence) => (this.words.textContent = sentence)
    this.pictures = channel.slot(`card-${about.name}`, (answer) => this.take(answer), refuse)
    this.starts = channel.slot(`draws-${about.name}`, (answer) => this.start(answer), refuse)
    this.draw()
  }

  draw() {
    this.starts.ask({ verb: "draw", model: this.about.name, seeds: SEEDS, truncation: 0.9 })
  }

  /** The engine is back: ask again for what it could not give. */
  again() {
    if (this.words.textContent === this.about.text) return
    this.words.textContent = this.about.text
    if (this.draws) this.move(0)
    else this.draw()
  }

  build(page, open) {
    const { name, title, text, family, data, latent, shape } = this.about
    const [, height, width] = shape
    const scale = Math.max(1, Math.round(240 / height))
    this.screen.fit(width * scale, height * scale)
    this.screen.soft = true
    this.words = element("p", {}, text)
    const facts = element("p", { class: "zt-facts" }, `${family} · ${latent} latents · ${data}`)
    const card = element(
      "a",
      { class: "zt-card", href: new URL(`explore?model=${encodeURIComponent(name)}`, page).href, "data-model": name },
      element("div", { class: "zt-thumb" }, this.screen.canvas),
      element("div", { class: "zt-words" }, element("h3", {}, title), this.words, facts),
    )
    card.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
      event.preventDefault()
      open(name)
    })
    card.addEventListener("pointerenter", () => (this.hovered = true))
    card.addEventListener("pointerleave", () => (this.hovered = false))
    card.addEventListener("focus", () => (this.hovered = true))
    card.addEventListener("blur", () => (this.hovered = false))
    return card
  }

  start({ panels: [{ payload, shape }] }) {
    this.draws = new Float32Array(payload)
    this.latent = shape[1]
    this.move(0)
  }

  move(milliseconds) {
    if (!this.draws) return
    this.time += milliseconds
    const leg = Math.floor(this.time / LEG) % SEEDS.length
    const part = (this.time % LEG) / LEG
    const ease = part * part * (3 - 2 * part)
    const z = new Float32Array(this.latent)
    for (let axis = 0; axis < this.latent; axis++) {
      const from = this.draws[leg * this.latent + axis]
      const to = this.draws[((leg + 1) % SEEDS.length) * this.latent + axis]
      z[axis] = from + ease * (to - from)
    }
    const { length } = this.about.classes
    const y = length ? leg % length : undefined
    this.pictures.ask({ verb: "decode", model: this.about.name, rows: 1, y }, z)
  }

  async take({ panels: [panel] }) {
    this.screen.draw((await pictures(panel))[0])
    this.element.dataset.drawn = "true"
  }
}

// The row: every picture as the model sees it, with its letter and where it stands. One can be asked about, or taken
// away.

import { cut } from "../../source/crop.js"
import { image } from "../../pixels/measure.js"
import { Screen } from "../../pixels/sheet.js"
import { element } from "./parts.js"
import { Readings } from "./readings.js"
import { RARE, often, rarer, rarities, tested } from "./rarity.js"
import { amount, score } from "./scores.js"
import { judged, letter, pictures, state } from "./state.js"

const SIDE = 118 // CSS pixels of the longer side of a picture

export class Row {
  /** `on.judge(at)` asks about another picture, −1 that on the desk; `on.remove(at)` takes one away. */
  constructor(host, on) {
    this.host = host
    this.on = on
    this.tiles = []
    host.setAttribute("role", "group")
    host.addEventListener("keydown", (event) => this.key(event))
  }

  paint(card, words) {
    const all = pictures()
    while (this.tiles.length > all.length) this.tiles.pop().element.remove()
    while (this.tiles.length < all.length) this.add(this.tiles.length)
    const found = rarities(state.score, all, card)
    all.forEach((picture, i) => this.fill(this.tiles[i], picture, i, card, words, found[i]))
  }

  add(i) {
    const screen = new Screen(element("canvas", { role: "img" }))
    screen.soft = false
    const pick = element(
      "button",
      { type: "button", class: "zt-out-pick", onclick: () => this.on.judge(this.at(i)) },
      screen.canvas,
    )
    const says = element("p", { class: "zt-out-says" })
    const value = element("p", { class: "zt-out-value" })
    const gone = element("button", { type: "button", class: "zt-out-gone", onclick: () => this.on.remove(i) }, "×")
    const name = element("b", { class: "zt-out-letter" })
    const made = element("article", { class: "zt-out-tile", "data-testid": "picture" }, name, pick, gone, says, value)
    this.tiles.push({ element: made, screen, pick, says, value, gone, name })
    this.host.append(made)
  }

  at = (i) => (i < state.laid.length ? i : -1)

  fill(tile, picture, i, card, words, rarity) {
    const [, height, width] = card.shape
    const scale = SIDE / Math.max(height, width)
    tile.screen.fit(width * scale, height * scale)
    tile.screen.draw(image(cut(picture, picture.crop, card.shape), card.shape))
    const reading = Readings.of(picture, card)
    const value = score(state.score, reading, card)
    const out = rarity !== null && rarity.rows <= RARE
    const live = i === state.laid.length
    const what = `Picture ${letter(i)}: ${picture.title || "a picture"}${live ? ", on the desk" : ""}`
    tile.name.textContent = letter(i)
    tile.pick.title = `${what}. Ask about it below.`
    tile.screen.canvas.setAttribute("aria-label", what)
    tile.pick.setAttribute("aria-pressed", picture === judged())
    tile.gone.hidden = live
    tile.gone.setAttribute("aria-label", `Take picture ${letter(i)} out of the row`)
    tile.says.textContent = !reading
      ? "is being read…"
      : rarity
        ? rarer(rarity.part, "its own")
        : "no test pictures to compare with"
    tile.says.title = rarity
      ? `${rarer(rarity.part, tested(card))}; of rows of ${pictures().length} such pictures ` +
        `${often(rarity)} hold one as rare`
      : ""
    tile.value.textContent = reading ? amount(value, words.unit) : ""
    tile.element.classList.toggle("zt-out-stranger", out)
    tile.element.classList.toggle("zt-out-live", live)
    tile.element.classList.toggle("zt-out-stale", Boolean(reading?.stale))
    Object.assign(tile.element.dataset, {
      letter: letter(i),
      rank: rarity?.part ?? "",
      rows: rarity?.rows ?? "",
      score: value ?? "",
    })
  }

  key(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    const at = this.tiles.findIndex(({ element: made }) => made.contains(document.activeElement))
    if (at < 0) return
    if (way) this.tiles[(at + way + this.tiles.length) % this.tiles.length].pick.focus()
    else if (["Delete", "Backspace"].includes(event.key) && at < state.laid.length) this.on.remove(at)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  /** After one was taken away, the hand stays in the row. */
  focus(at) {
    this.tiles[Math.min(at, this.tiles.length - 1)]?.pick.focus()
  }
}

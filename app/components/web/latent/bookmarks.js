// Bookmarks: nine places beneath the picture that hold latents of a model, each under its own digit key.

import { telling } from "../core/slot.js"
import { element } from "../ui/element.js"
import { decoded, drawOn } from "../pixels/sheet.js"
import { fits, same } from "./view.js"

const PLACES = 9

export class Bookmarks {
  /**
   * `on.visit(mark)` goes to one, `on.changed()` hears of a new or a removed one, `on.say(sentence, wait, action)`
   * tells.
   *
   * @param {import("../core/channel.js").Channel} channel
   */
  constructor(channel, parts, on) {
    this.parts = parts
    this.on = on
    this.all = {}
    this.view = null
    this.slot = channel.slot("bookmarks")
    this.places = Array.from({ length: PLACES }, (_, place) => this.place(place))
    parts.marks.replaceChildren(...this.places.map((place) => place.element))
  }

  place(place) {
    const thumb = element("canvas", { width: 1, height: 1 })
    const open = element(
      "button",
      { type: "button", class: "zt-mark-open", onclick: () => this.press(place) },
      thumb,
      element("kbd", {}, place + 1),
    )
    const drop = element(
      "button",
      { type: "button", class: "zt-mark-drop", title: "Remove (Delete)", onclick: () => this.remove(place) },
      "×",
    )
    drop.setAttribute("aria-label", `Remove bookmark ${place + 1}`)
    const whole = element(
      "div",
      { class: "zt-mark", onkeydown: (event) => event.key === "Delete" && this.remove(place) },
      open,
      drop,
    )
    return { element: whole, open, drop, thumb }
  }

  /** The bookmarks of the view's model, by place. */
  get mine() {
    return (this.all[this.view.card.name] ??= Array(PLACES).fill(null))
  }

  /** Show those of a view's model. */
  open(view) {
    this.view = view
    this.paint()
    this.ask()
  }

  /** Take all that were kept, by model. */
  restore(kept) {
    const row = (marks) => Array.from({ length: PLACES }, (_, place) => marks?.[place] ?? null)
    this.all = Object.fromEntries(Object.entries(kept ?? {}).map(([name, marks]) => [name, row(marks)]))
    const { card } = this.view
    this.all[card.name] = this.mine.map((mark) => (mark && fits(mark, card) ? mark : null))
    this.open(this.view)
  }

  /** Those that hold something, as they are kept. */
  kept() {
    return Object.fromEntries(Object.entries(this.all).filter(([, marks]) => marks.some(Boolean)))
  }

  /** Keep what is shown, at a place or at the first that is free. */
  add(place = this.mine.indexOf(null)) {
    const now = this.view.snapshot()
    const already = this.mine.findIndex((mark) => mark && same(mark, now))
    if (already >= 0) return this.on.say(`This picture is bookmark ${already + 1} already.`)
    if (place < 0) return this.on.say("All nine places are taken. Remove a bookmark first: × on it, or Delete.")
    this.put(place, now)
  }

  /** Go to the bookmark of a place; nothing happens where there is none. */
  go(place) {
    const mark = this.mine[place]
    if (mark) this.on.visit(mark)
  }

  press(place) {
    if (this.mine[place]) this.go(place)
    else this.add(place)
  }

  remove(place) {
    const { mine } = this
    const mark = mine[place]
    if (!mark) return
    this.put(place, null)
    this.places[place].open.focus()
    const back = () => this.mine === mine && !mine[place] && this.put(place, mark)
    this.on.say(`Bookmark ${place + 1} removed.`, 8000, { text: "Put it back", act: back })
  }

  put(place, mark) {
    this.mine[place] = mark
    this.paint()
    this.ask()
    this.on.changed()
  }

  paint() {
    const { title, shape } = this.view.card
    this.mine.forEach((mark, place) => {
      const { element: whole, open, drop, thumb } = this.places[place]
      const number = place + 1
      whole.classList.toggle("zt-full", mark !== null)
      open.title = mark ? `Go there (${number})` : "Keep this picture here (K: at the first free place)"
      open.setAttribute(
        "aria-label",
        mark ? `Bookmark ${number} of ${title}: go there` : `Place ${number} is free: keep this picture here`,
      )
      drop.hidden = mark === null
      whole.style.setProperty("--shape", `${shape[2]} / ${shape[1]}`)
      if (!mark) Object.assign(thumb, { width: 1, height: 1 })
    })
    this.parts.marksHint.classList.toggle("zt-some", this.mine.some(Boolean))
    this.move()
  }

  /** Mark the one that is shown now. */
  move() {
    this.mine.forEach((mark, place) => {
      const here = mark !== null && same(mark, this.view)
      if (this.places[place].here === here) return
      this.places[place].here = here
      this.places[place].element.classList.toggle("zt-here", here)
      this.places[place].open.setAttribute("aria-current", here)
    })
  }

  /** Have all thumbnails decoded, in one request. */
  ask() {
    const { card } = this.view
    const places = this.mine.flatMap((mark, place) => (mark ? [place] : []))
    if (!places.length) return this.slot.drop()
    const marks = places.map((place) => this.mine[place])
    const y = card.classes.length ? marks.map((mark) => mark.y) : undefined
    /** @type {import("../core/verbs.js").Operation} */
    const operation = { verb: "decode", model: card.name, rows: marks.length, columns: marks.length, y }
    this.slot
      .ask(operation, Float32Array.from(marks.flatMap(({ z }) => z)), decoded)
      .then(({ made }) => made.forEach((image, i) => this.draw(places[i], marks[i], image)))
      .catch(telling())
  }

  /** Show the picture of a mark, unless its place holds another by now. */
  draw(place, mark, image) {
    if (this.mine[place] === mark) drawOn(this.places[place].thumb, image)
  }
}

// The directions of a latent: those found with the model, and those that a person makes; sliders for them like any
// axis.

import { telling } from "../core/slot.js"
import { element } from "../ui/element.js"
import { freedom, moveTo, placeOf } from "./along.js"
import { directionRow, hold, spoken } from "./direction.js"
import { Strips } from "./strips.js"
import { Workshop } from "./workshop.js"

const MANY = 4 // directions that are shown unfolded at first
const FIRST = 8 // rows shown before a person asks for the others
const SMILE = "Smiling" // what a person looks for in a face
const LEAST = 0.25 // share of a direction on axes that are not frozen, for it to be moved
const MOST_OWN = 12

export class Directions {
  constructor(explorer) {
    const { channel, parts } = explorer
    this.explorer = explorer
    this.found = new Map()
    this.sentences = new Map()
    this.rows = new Map()
    this.all = {}
    this.view = null
    this.free = []
    this.shown = null
    this.slot = channel.slot("directions")
    this.strips = new Strips(channel, "direction strips", parts.axesList, this.rows, (z, name, value) =>
      this.put(z, name, value),
    )
    this.refresh = () => this.folded || this.strips.refresh()
    this.workshop = new Workshop(explorer, (made) => this.add(made))
    this.layout(parts.directions)
  }

  layout(section) {
    this.count = element("span", { class: "zt-level-count" })
    this.fold = element(
      "button",
      { type: "button", class: "zt-level-fold", "aria-controls": "zt-directions-body", onclick: () => this.toggle() },
      "Directions ",
      this.count,
    )
    this.trouble = element("p", { class: "zt-directions-about", role: "status", hidden: true })
    this.about = element("p", { class: "zt-directions-about", role: "status" })
    this.list = element("div", { class: "zt-directions-rows" })
    this.body = element(
      "div",
      { class: "zt-directions-body", id: "zt-directions-body" },
      this.about,
      this.list,
      this.workshop.element,
    )
    section.replaceChildren(element("h3", {}, this.fold), this.trouble, this.body)
  }

  /** What a person made and folded of the model shown. */
  get mine() {
    return this.all[this.explorer.card.name] ?? {}
  }

  get own() {
    return this.mine.own ?? []
  }

  get listed() {
    return [...this.own, ...(this.found.get(this.explorer.card.name) ?? [])]
  }

  get folded() {
    const count = this.listed.length
    return this.mine.folded ?? (!count || count > MANY)
  }

  /** Show those of a view's model. */
  open(view) {
    this.view = this.strips.view = view
    const { name } = view.card
    if (!this.found.has(name) && !this.sentences.has(name)) this.ask(name)
    this.workshop.open(view)
    this.build()
  }

  ask(name) {
    this.slot
      .ask({ verb: "directions", model: name })
      .then(({ results: [result] }) => this.take(result))
      .catch(telling((sentence) => this.refused(sentence, name)))
  }

  /** Ask again what the engine did not answer while it was away. */
  again() {
    this.sentences.delete(this.view.card.name)
    this.open(this.view)
  }

  take({ model, directions, payload }) {
    const vectors = new Float32Array(payload)
    const latent = vectors.length / Math.max(1, directions.length)
    this.found.set(
      model,
      sorted(directions.map((note, i) => ({ ...note, vector: vectors.slice(i * latent, (i + 1) * latent) }))),
    )
    if (model === this.view.card.name) this.build()
  }

  refused(sentence, model) {
    this.sentences.set(model, sentence)
    if (model === this.view.card.name) this.build()
  }

  // Rows

  build() {
    const { card } = this.view
    const model = this.shown === card.name
    const open = model ? Math.max(FIRST + this.own.length, this.rows.size) : FIRST + this.own.length
    this.shown = card.name
    this.rows.clear()
    const rows = this.listed.slice(0, open).map((direction) => this.row(direction))
    const others = this.listed.length - rows.length
    const more = element(
      "button",
      { class: "zt-fold", type: "button", onclick: () => this.more() },
      `Show ${others} more ${others === 1 ? "direction" : "directions"}`,
    )
    this.list.replaceChildren(...rows, ...(others > 0 ? [more] : []))
    this.paint()
  }

  more() {
    const rows = this.listed.slice(this.rows.size).map((direction) => this.row(direction))
    this.list.lastChild.replaceWith(...rows)
    rows[0].querySelector("input").focus()
    this.paint()
  }

  row(direction) {
    const on = {
      drag: (...drag) => this.drag(...drag),
      jump: (...jump) => this.jump(...jump),
      settled: () => this.explorer.settled(),
      rename: (...rename) => this.rename(...rename),
      drop: (dropped) => this.drop(dropped),
    }
    const row = directionRow(this.view.card, direction, on)
    this.rows.set(direction.name, row)
    return row.element
  }

  /** Show what is folded and what frozen levels hold. */
  paint() {
    const { levels } = this.explorer
    this.free = this.view.card.axes.map((_, axis) => (levels.holds(axis) ? 0 : 1))
    this.count.textContent = this.listed.length || ""
    this.fold.setAttribute("aria-expanded", !this.folded)
    this.body.hidden = this.folded
    this.trouble.textContent = this.sentences.get(this.view.card.name) ?? ""
    this.trouble.hidden = !this.trouble.textContent
    this.about.textContent = this.sentence()
    this.about.hidden = !this.about.textContent
    for (const row of this.rows.values()) hold(row, freedom(row.direction, this.free), LEAST)
    this.move()
    this.refresh()
  }

  sentence() {
    const { card, levels } = this.explorer
    const frozen = levels.frozen.map(({ name }) => name).join(" and ")
    const none = `Nobody has looked for directions of this model yet: zoetrope-train directions ${card.name}.`
    const found = this.found.get(card.name)
    return [found && !found.length && none, frozen && `${frozen} frozen: directions move the rest only.`]
      .filter(Boolean)
      .join(" ")
  }

  /** Put every slider where the view is; this runs at each screen refresh. */
  move() {
    if (this.folded) return
    for (const row of this.rows.values()) this.place(row, placeOf(row.direction, this.view.z))
  }

  place(row, at) {
    if (row.at === at) return
    row.at = at
    if (Math.abs(Number(row.slider.value) - at) > 2e-3) row.slider.value = at
    row.value.textContent = `${at < -0.005 ? "−" : at < 0.005 ? "" : "+"}${Math.abs(at).toFixed(2)} σ`
    row.slider.setAttribute("aria-valuetext", row.value.textContent)
  }

  put(z, name, value) {
    const { direction } = this.rows.get(name)
    if (freedom(direction, this.free) >= LEAST) moveTo(direction, z, value, this.free)
  }

  // Gestures

  toggle() {
    this.change({ folded: !this.folded })
  }

  drag(direction, value, since) {
    const z = [...this.view.z]
    moveTo(direction, z, value, this.free)
    this.explorer.motion.drag([...z.keys()], z, since)
  }

  jump(direction, value) {
    if (freedom(direction, this.free) < LEAST) return
    const z = this.explorer.motion.aim()
    moveTo(direction, z, value, this.free)
    this.explorer.motion.glide(z)
  }

  /** Move the focused slider by a part of its range; false where none has the focus. */
  arrow(part, since) {
    const row = [...this.rows.values()].find(({ slider }) => slider === document.activeElement)
    if (!row) return false
    const { low, high } = row
    this.drag(row.direction, Math.min(high, Math.max(low, row.at + part * (high - low))), since)
    return true
  }

  // One's own

  add(made) {
    const { toasts } = this.explorer
    if (this.own.length >= MOST_OWN)
      return toasts.say(`You have ${MOST_OWN} directions here. Remove one first: × beside its name.`)
    const names = new Set(this.listed.map(({ name }) => name))
    let number = 1
    while (names.has(`A → B ${number}`)) number++
    const direction = {
      name: `A → B ${number}`,
      kind: "own",
      value: 0,
      base: null,
      protocol: "mean of box B less mean of box A; σ from the axes",
      ...made,
    }
    this.change({ own: [direction, ...this.own], folded: false })
    this.rows.get(direction.name).slider.focus()
  }

  rename(direction, name) {
    if (!name || this.listed.some((other) => other.name === name)) return this.build()
    this.change({ own: this.own.map((other) => (other === direction ? { ...other, name: name.slice(0, 40) } : other)) })
  }

  drop(direction) {
    const before = this.own
    this.change({ own: before.filter((other) => other !== direction) })
    this.fold.focus()
    const back = () => this.change({ own: before })
    this.explorer.toasts.say(`${spoken(direction)} removed.`, 8000, { text: "Put it back", act: back })
  }

  change(part) {
    const { card, persistence } = this.explorer
    this.all[card.name] = { ...this.mine, ...part }
    this.build()
    persistence.now()
  }

  /** Take what was kept, but for what has been changed since. */
  restore(kept) {
    this.all = { ...kept, ...this.all }
    const { card } = this.view
    const fits = ({ vector }) => Array.isArray(vector) && vector.length === card.latent && vector.every(Number.isFinite)
    if (this.own.some((direction) => !fits(direction)))
      this.all[card.name] = { ...this.mine, own: this.own.filter(fits) }
    this.build()
  }

  close() {
    this.strips.close()
  }
}

/**
 * As they were found where they were tried; else a smile, then attributes, those that are told best first; then
 * components.
 */
const sorted = (directions) =>
  directions.some(tried) ? directions : directions.sort((one, other) => rank(other) - rank(one))
const tried = ({ moved }) => (moved ?? null) !== null
const rank = ({ name, base, value }) =>
  name === SMILE ? 2 : base === null ? value - 1 : (value - base) / Math.max(1e-6, 1 - base)

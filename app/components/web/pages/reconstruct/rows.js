// All rows: which are shown, in what order, and when they ask. While a hand moves, those in sight follow; at rest, all.

import { button, element, labelled } from "../../source/parts.js"
import { Group } from "./group.js"
import { shown } from "../../source/sourceState.js"
import { state } from "./state.js"

const SEEDS = 2 ** 32
const SHARED = 400 // milliseconds between two requests of a row that is not the first in sight, while a hand moves

/** Which of two kinds of models is likelier to be meant by a picture, and can give it back: negative if the first. */
export function order(one, other, { hint, colour }) {
  const far = ({ cards, shape: [channels, height, width] }) => [
    Number(cards[0].data !== hint),
    Number(!cards.some(({ encodes }) => encodes)),
    Number((channels === 3) !== colour),
    Number(height !== width),
    height,
    -cards.length,
  ]
  const others = far(other)
  return far(one).reduce((sign, value, i) => sign || value - others[i], 0)
}

export class Rows {
  /**
   * `on.explore(query)` opens a latent, `on.morph(key)` makes it a key; `on.invert()` makes the negative; `on.empty()`
   * says whether there is nothing to see yet.
   */
  constructor(channel, parts, on) {
    this.channel = channel
    this.parts = parts
    this.on = on
    this.groups = []
    this.version = 0
    this.since = 0
    this.key = ""
    this.seen = new IntersectionObserver((entries) =>
      entries.forEach(({ target, isIntersecting }) => (this.of(target).near = isIntersecting)),
    )
    this.build()
    this.timer = setInterval(() => this.tell(), 500)
  }

  of(section) {
    return this.groups.find((group) => group.element === section) ?? {}
  }

  build() {
    const toggle = (what) => () => ((state[what] = !state[what]), this.press())
    this.map = button("Error map", "Where each is off: the same scale for all", toggle("map"), true)
    this.soft = button("Soft", "Soft or visible pixels", toggle("soft"), true)
    const draw = (drawn) => () => ((state.drawn = drawn), this.press(), this.on.changed())
    this.mean = button("Mean", "Decode the mean of the posterior", draw(false), true)
    this.drawn = button("Sample", "Decode a draw of the posterior", draw(true), true)
    this.resample = button("Resample", "Draw the posterior anew", () => this.seedAt(state.seed + 1))
    this.seed = element("input", {
      class: "zt-rec-number",
      type: "number",
      min: 0,
      max: SEEDS - 1,
      "aria-label": "Seed of the posterior draw",
      placeholder: "–",
      title: "The seed of the posterior draw; – while the mean is shown",
      onchange: () => (this.seed.value === "" ? this.press() : this.seedAt(Number(this.seed.value))),
    })
    this.chips = element("div", { class: "zt-rec-chips", role: "group", "aria-label": "Kinds of pictures to show" })
    this.status = element("span", { class: "zt-rec-status", "data-testid": "reconstruct-status", "data-row": "" })
    const both = element(
      "span",
      { class: "zt-rec-both", role: "group", "aria-label": "Posterior" },
      this.mean,
      this.drawn,
    )
    this.parts.bar.replaceChildren(
      this.map,
      this.soft,
      element("span", { class: "zt-rec-word" }, "posterior"),
      both,
      this.resample,
      labelled("seed", this.seed),
      this.status,
      this.chips,
    )
    this.press()
  }

  seedAt(seed) {
    state.set({ seed: Number.isInteger(seed) && seed >= 0 ? seed % SEEDS : 1, drawn: true })
    this.press()
    this.on.changed()
  }

  press() {
    const { map, soft, drawn, seed } = state
    for (const [made, on] of [
      [this.map, map],
      [this.soft, soft],
      [this.mean, !drawn],
      [this.drawn, drawn],
    ])
      made.setAttribute("aria-pressed", on)
    this.seed.value = drawn ? seed : "" // a mean is no seed's
    this.groups.forEach((group) => group.switched())
  }

  // Which

  /** Take the models, by the kind of picture they know. */
  offer(models) {
    const key = JSON.stringify(models)
    if (key === this.key) return
    this.key = key
    const kinds = Map.groupBy(models, ({ data, shape }) => `${data} ${shape.join("×")}`)
    const names = [...kinds.values()].map(([{ pictures }]) => pictures)
    this.groups = [...kinds.values()].map(
      (cards) =>
        new Group(named(cards[0], names), cards, this.channel, {
          ...this.on,
          finished: (version) => this.finished(version),
        }),
    )
    this.groups.forEach((group) => this.seen.observe(group.element))
    this.chips.replaceChildren(...this.groups.map((group) => this.chip(group)))
    this.fold()
    this.press()
  }

  chip(group) {
    const press = () => {
      const rest = state.folded.filter((kind) => kind !== group.kind)
      state.folded = rest.length < state.folded.length ? rest : [...rest, group.kind]
      this.fold()
      this.on.changed()
    }
    group.chip = button(`${group.kind} ${group.cards.length}`, `Show or fold the models of ${group.kind}`, press, true)
    group.chip.classList.add("zt-rec-chip")
    return group.chip
  }

  fold() {
    for (const group of this.groups) {
      group.element.hidden = state.folded.includes(group.kind)
      if (group.element.hidden) group.stop()
      group.chip.setAttribute("aria-pressed", !group.element.hidden)
    }
  }

  get open() {
    return this.groups.filter(({ kind }) => !state.folded.includes(kind))
  }

  /** Another picture lies on the desk: the kinds that are likest to it come first. */
  sort() {
    const source = shown()
    this.groups.sort((a, b) => order(a, b, source))
    this.parts.groups.replaceChildren(...this.groups.map((group) => group.element))
    this.chips.replaceChildren(...this.groups.map(({ chip }) => chip))
    this.since = performance.now()
  }

  // When

  /** The first row in sight follows at full rate; the others share what the engine has left. */
  follow() {
    const now = performance.now()
    const due = this.open.filter(({ near }) => near).filter((group, i) => i === 0 || now - group.asked > SHARED)
    due.forEach((group) => (group.asked = now))
    this.ask(due, false)
  }

  settled() {
    this.ask(this.open, true)
  }

  /** Another picture lies on the desk, or none. */
  clear() {
    this.groups.forEach((group) => group.clear())
    this.tell()
  }

  ask(groups, settled) {
    if (!shown() || this.on.empty()) return this.clear()
    this.version++
    groups.forEach((group) => group.show(this.version, settled))
  }

  /** A row has its answers: note how long all of them took since the picture came. */
  finished(version) {
    if (!this.since || this.open.some((group) => Number(group.element.dataset.drawn) < version)) return
    this.status.dataset.row = Math.round(performance.now() - this.since)
    this.since = 0
    this.tell()
  }

  tell() {
    const moving = this.open.filter(({ near, rate }) => near && rate)
    const { row } = this.status.dataset
    const models = this.open.reduce((sum, { encoders }) => sum + encoders.length, 0)
    if (moving.length)
      this.status.textContent = `${Math.round(Math.min(...moving.map(({ rate }) => rate)))} rows a second`
    else this.status.textContent = row ? `${models} models in ${row} ms` : ""
  }

  close() {
    clearInterval(this.timer)
    this.seen.disconnect()
    this.groups.forEach((group) => group.stop())
  }
}

function named({ pictures, shape: [channels, height, width] }, names) {
  const alone = names.filter((name) => name === pictures).length === 1
  return alone ? pictures : `${pictures} ${width} × ${height}${channels === 3 ? " colour" : ""}`
}

// Every explicit model on the row, one after the other: how rare each is among its own test pictures.

import { element } from "./parts.js"
import { Readings } from "./readings.js"
import { RARE, rarities } from "./rarity.js"
import { percent, score } from "./scores.js"
import { letter, pictures, state } from "./state.js"

export class Everyone {
  constructor(channel, host, words) {
    this.words = words
    this.models = []
    this.failed = new Map()
    this.at = 0
    this.readings = new Readings(channel, "outliers-everyone", {
      read: () => this.next(),
      failed: (sentence, name) => (this.failed.set(name, sentence), this.next()),
    })
    this.table = element("table", { class: "zt-out-table" })
    this.whole = element(
      "details",
      { class: "zt-out-more", "data-testid": "everyone-details" },
      element("summary", {}, "Every explicit model on these pictures"),
      element("div", { class: "zt-out-scroll" }, this.table),
    )
    this.whole.addEventListener("toggle", () => this.ask())
    host.replaceChildren(this.whole)
  }

  offer(models) {
    this.models = models
  }

  /** Ask all models in turn; whoever asks meanwhile comes in between. */
  ask() {
    if (!this.whole.open || !pictures().length) return
    this.failed.clear()
    this.at = -1
    this.next()
  }

  next() {
    if (this.whole.open) this.paint()
    while (++this.at < this.models.length) if (this.readings.ask(pictures(), this.models[this.at])) return
  }

  paint() {
    if (!this.whole.open) return
    const all = pictures()
    const head = element(
      "tr",
      {},
      element("th", { scope: "col" }, `by ${this.words[state.score].title.toLowerCase()}`),
      ...all.map((_, i) => element("th", { scope: "col" }, letter(i))),
    )
    this.table.replaceChildren(
      element(
        "caption",
        {},
        `Part of a model's own test pictures that are less rare. Marked where fewer than ${100 * RARE} % ` +
          "of rows of as many of its own hold one as rare, by each model for itself.",
      ),
      element("thead", {}, head),
      element("tbody", {}, ...this.models.map((card) => this.line(card, all))),
    )
  }

  line(card, all) {
    const named = element(
      "th",
      { scope: "row" },
      card.title,
      element("small", {}, ` ${card.pictures} · ${card.exact ? "exact" : "bound"}`),
    )
    if (this.failed.has(card.name))
      return element("tr", {}, named, element("td", { colSpan: all.length }, this.failed.get(card.name)))
    const found = rarities(state.score, all, card)
    return element(
      "tr",
      { "data-model": card.name },
      named,
      ...all.map((picture, i) => cell(Readings.of(picture, card), card, found[i])),
    )
  }
}

function cell(reading, card, rarity) {
  if (!rarity || reading.stale)
    return element(
      "td",
      {},
      !reading || reading.stale ? "…" : score(state.score, reading, card) === null ? "–" : "not measured",
    )
  return element(
    "td",
    { class: rarity.rows <= RARE ? "zt-out-no" : "" },
    rarity.part >= 1 ? "all" : `${percent(rarity.part, rarity.part >= 0.99 ? 1 : 0)} %`,
  )
}

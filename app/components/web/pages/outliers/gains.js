// What a model adds to the size of a file: every score against every kind of strangers, beside no model at all.

import { element, heading } from "./parts.js"
import { BASELINE, SCORES, against, area, best, gain, short, signed } from "./scores.js"

export class Gains {
  /** `on.against(kind)` lets all scores be shown against another kind of strangers. */
  constructor(host, words, on) {
    this.host = host
    this.words = words
    this.on = on
  }

  paint(card) {
    const kinds = (card.measured?.kinds ?? []).filter((kind) => area(BASELINE, kind))
    this.host.hidden = !kinds.length
    const key = `${card.name} ${against(card)?.kind}`
    if (this.host.hidden || key === this.key) return
    this.key = key
    const names = Object.keys(SCORES).filter((name) => name !== BASELINE && kinds.some((kind) => area(name, kind)))
    const head = [
      card.pictures,
      this.words[BASELINE].title,
      ...names.map((name) => this.words[name].title),
      "gain over size",
    ]
    const caption = element(
      "caption",
      {},
      "Area under the curve, 1 where a score tells every stranger and .5 where it tells none. File size " +
        "is read whichever way is better. Beneath it, 95 % by DeLong.",
    )
    const rows = kinds.map((kind) => this.line(kind, names, kind === against(card)))
    const table = element(
      "table",
      { class: "zt-out-table" },
      caption,
      element(
        "thead",
        {},
        element("tr", {}, ...head.map((text, i) => element("th", { scope: "col" }, i ? text : `${text} against`))),
      ),
      element("tbody", {}, ...rows),
    )
    this.host.replaceChildren(
      heading("What the model adds to the size of a file", card.title),
      element("p", {}, claim(kinds, this.words)),
      element("div", { class: "zt-out-scroll" }, table),
    )
  }

  line(kind, names, chosen) {
    const [first, more] = [best(kind), gain(best(kind), kind)]
    const pick = element(
      "button",
      {
        type: "button",
        class: "zt-out-kind",
        title: "Show all scores against these",
        "aria-pressed": chosen,
        onclick: () => this.on.against(kind.kind),
      },
      kind.pictures,
    )
    const cells = [BASELINE, ...names].map((name) => cell(area(name, kind), name === first))
    const last = element(
      "td",
      { class: more && more.interval[0] > 0 ? "zt-out-yes" : "", title: more?.protocol ?? "" },
      more ? signed(more.value) : "–",
      more ? element("small", {}, more.interval.map(signed).join(" to ")) : "",
    )
    return element("tr", { "data-kind": kind.kind }, element("th", { scope: "row" }, pick), ...cells, last)
  }
}

function cell(known, first) {
  if (!known) return element("td", {}, "–")
  const made = element(
    "td",
    { title: known.protocol },
    first ? element("b", {}, short(known.value)) : short(known.value),
  )
  if (known.interval) made.append(element("small", {}, known.interval.map(short).join(" to ")))
  return made
}

/** Where the size says little, and the model something. */
function claim(kinds, words) {
  const told = kinds
    .map((kind) => ({ kind, size: area(BASELINE, kind), name: best(kind), more: gain(best(kind), kind) }))
    .filter(({ more }) => more && more.interval[0] > 0)
  if (!told.length)
    return (
      "Against none of these was it shown that the model tells more than the size of the compressed file, " +
      "which needs no model."
    )
  const { kind, size, name } = told.reduce((most, each) => (each.more.value > most.more.value ? each : most))
  return (
    "A score is worth what it tells beyond the size of the compressed file, which needs no model. Against " +
    `${kind.pictures} that size is right in ${(100 * size.value).toFixed(1)} % of pairs; ` +
    `${words[name].title.toLowerCase()} in ${(100 * area(name, kind).value).toFixed(1)} %.`
  )
}

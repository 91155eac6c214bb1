// Each score's histogram: a model's own test pictures against the outliers that it was measured with.

import { button, element } from "./parts.js"
import { histogram } from "./histogram.js"
import { Readings } from "./readings.js"
import { SCORES, area, percent, score } from "./scores.js"
import { judged, letter, pictures, state } from "./state.js"

export class Charts {
  /** `words` of each score by name; `on.choose(name)` makes one the measure of the row. */
  constructor(host, words, on) {
    Object.assign(this, { host, words, charts: Object.keys(SCORES).map((name) => chart(name, words[name], on)) })
    host.replaceChildren(element("p", { class: "zt-out-legend" }), ...this.charts.map(({ element: made }) => made))
    this.resizing = new ResizeObserver(() => this.card && this.paint(this.card))
    this.resizing.observe(host)
  }

  paint(card) {
    this.card = card
    this.legend(card)
    for (const made of this.charts) fill(made, card)
  }

  legend(card) {
    const known = card.measured
    const swatch = (kind, text) => element("span", {}, element("i", { class: `zt-out-swatch zt-out-${kind}` }), text)
    const missing = `${card.title} has not been measured against other pictures: zoetrope-train evaluate ${card.name} --only outlier-scores`
    if (!known) return this.host.firstChild.replaceChildren(missing)
    const own = swatch("own", ` test pictures of ${card.pictures}, which it never saw`)
    this.host.firstChild.replaceChildren(own, swatch("other", ` pictures of ${known.pictures}`), swatch("bound", " 95 % of its own lie to the left"))
  }

  close() {
    this.resizing.disconnect()
  }
}

function chart(name, { title, text, source, unit }, on) {
  const canvas = element("canvas", { class: "zt-out-histogram", role: "img", "data-testid": "histogram" })
  const pick = button(title, "Let this score judge the row", () => on.choose(name), true)
  const right = element("p", { class: "zt-out-right", "data-testid": "auroc" })
  const about = element("p", { class: "zt-out-about" }, `${text} `, element("cite", {}, `(${source})`))
  const made = element("figure", { class: "zt-out-chart", "data-score": name }, element("figcaption", {}, pick, right), canvas, about)
  return { name, title, unit, canvas, pick, right, element: made }
}

function fill({ name, title, unit, canvas, pick, right, element: made }, card) {
  const known = area(name, card)
  const all = pictures().map((picture, i) => ({ letter: letter(i), value: score(name, Readings.of(picture, card), card), strong: picture === judged() }))
  const marks = all.filter(({ value }) => value !== null)
  const [own, other] = [card.measured?.own[name] ?? null, card.measured?.other[name] ?? null]
  pick.setAttribute("aria-pressed", state.score === name)
  made.classList.toggle("zt-out-chosen", state.score === name)
  made.classList.toggle("zt-out-fails", Boolean(known) && known.value < 0.5)
  right.textContent = known ? words(known) : name === "ratio" && !card.background ? "has no background model here" : ""
  right.title = known?.protocol ?? ""
  canvas.hidden = !own && !marks.length
  canvas.setAttribute("aria-label", `${title}: ${marks.map(({ letter: of, value }) => `${of} ${Math.round(value)}`).join(", ")} ${unit}`)
  if (!canvas.hidden) histogram(canvas, { own: own && other ? own : null, other, marks, unit })
}

/** An area under the curve is how often the outlier of a pair has the higher score. */
function words({ value, interval }) {
  const short = (number) => number.toFixed(3).replace(/^0/, "")
  const between = interval ? `, ${short(interval[0])} to ${short(interval[1])}` : ""
  return `right in ${percent(value, 1)} % of pairs · AUROC ${short(value)}${between}`
}

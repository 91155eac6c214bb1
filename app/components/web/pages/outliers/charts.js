// Each score's histogram: a model's own test pictures against strangers of the chosen kind.

import { button, element, picker } from "./parts.js"
import { histogram } from "./histogram.js"
import { Readings } from "./readings.js"
import { BASELINE, KEPT, SCORES, against, area, percent, score, short } from "./scores.js"
import { judged, letter, pictures, state } from "./state.js"

export class Charts {
  /**
   * `words` of each score by name; `on.choose(name)` makes one the measure of the row, `on.against(kind)` shows all
   * against another kind.
   */
  constructor(host, words, on) {
    this.host = host
    this.words = words
    this.on = on
    this.charts = Object.keys(SCORES).map((name) => chart(name, words[name], on))
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
    const kind = against(card)
    const key = `${card.name} ${kind?.kind}`
    if (key === this.key) return
    this.key = key
    const swatch = (what, ...text) =>
      element("span", {}, element("i", { class: `zt-out-swatch zt-out-${what}` }), " ", ...text)
    const missing =
      `${card.title} has not been measured against other pictures: zoetrope-train evaluate ${card.name} ` +
      "--only outlier-scores refusal"
    if (!kind) return this.host.firstChild.replaceChildren(missing)
    const own = swatch(
      "own",
      kind.own.size
        ? `test pictures of ${card.pictures} with files of equal size`
        : `test pictures of ${card.pictures}, which it never saw`,
    )
    const all = card.measured.kinds.map(({ kind: name, pictures: title }) => ({ name, title }))
    const other =
      all.length > 1
        ? picker("The strangers", [["Strangers", all]], kind.kind, (name) => this.on.against(name))
        : kind.pictures
    if (all.length > 1) other.dataset.testid = "against"
    this.host.firstChild.replaceChildren(
      own,
      swatch("other", other),
      swatch("bound", "95 % of its own lie to the left, of file sizes between"),
    )
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
  const made = element(
    "figure",
    { class: name === BASELINE ? "zt-out-chart zt-out-baseline" : "zt-out-chart", "data-score": name },
    element("figcaption", {}, pick, right),
    canvas,
    about,
  )
  return { name, title, unit, canvas, pick, right, element: made }
}

function fill({ name, title, unit, canvas, pick, right, element: made }, card) {
  const kind = against(card)
  const known = area(name, kind)
  const all = pictures().map((picture, i) => ({
    letter: letter(i),
    value: score(name, Readings.of(picture, card), card),
    strong: picture === judged(),
  }))
  const marks = all.filter(({ value }) => value !== null)
  const [own, other] = [kind?.own[name] ?? card.measured?.own[name] ?? null, kind?.scores[name] ?? null]
  pick.setAttribute("aria-pressed", state.score === name)
  made.classList.toggle("zt-out-chosen", state.score === name)
  made.classList.toggle("zt-out-fails", Boolean(known) && known.value < 0.5)
  right.textContent = known
    ? reading(known, kind, name)
    : name === "ratio" && !card.background
      ? "has no background model here"
      : ""
  right.title = known?.protocol ?? ""
  canvas.hidden = !own && !marks.length
  canvas.setAttribute(
    "aria-label",
    `${title}: ${marks.map(({ letter: of, value }) => `${of} ${Math.round(value)}`).join(", ")} ${unit}`,
  )
  if (!canvas.hidden)
    histogram(canvas, {
      own: own && other ? own : null,
      other,
      marks,
      ...(name === BASELINE ? sides(unit) : above(unit)),
    })
}

const above = (unit) => ({ words: `${unit} → more of an outlier`, bounds: [KEPT] })

/** What is odd on either side has its bounds on either side. */
const sides = (unit) => ({ words: `← ${unit}: either is odd →`, bounds: [(1 - KEPT) / 2, (1 + KEPT) / 2] })

/**
 * An area under the curve is how often the outlier of a pair has the higher score; beside it that of the size alone.
 */
function reading({ value, interval }, kind, name) {
  const between = interval ? `, ${short(interval[0])} to ${short(interval[1])}` : ""
  const size = area(BASELINE, kind)
  const beside = name === BASELINE ? " · no model" : size ? ` · file size alone ${short(size.value)}` : ""
  return `right in ${percent(value, 1)} % of pairs · AUROC ${short(value)}${between}${beside}`
}

// The figures of the cards side by side: what each is, which way is better, its protocol; and as CSV.

import { button, element } from "./parts.js"
import { save } from "./saving.js"
import { letter } from "./view.js"

const NONE = "–"

export class Figures {
  /** @type {any[]} */ cards = []

  constructor({ body }) {
    this.note = element(
      "p",
      { class: "zt-cmp-protocol", role: "status", "aria-live": "polite", "data-testid": "protocol" },
      "Point at a figure, or tab to it: its protocol appears here.",
    )
    this.table = element("table", { class: "zt-cmp-table", "data-testid": "table" })
    this.latency = new Map()
    this.csv = button(
      "CSV",
      "Save the table, protocols included",
      () => save(new Blob([this.text()], { type: "text/csv" }), "zoetrope-figures.csv"),
      { "data-testid": "save-csv" },
    )
    body.replaceChildren(element("div", { class: "zt-cmp-scroll" }, this.table), this.note, this.csv)
  }

  show(cards) {
    this.cards = cards
    this.paint()
  }

  /** A wall has come: how many milliseconds a picture took in the model. */
  timed(name, ms, pictures) {
    if (!ms?.model) return
    this.latency.set(name, ms.model / pictures)
    const cell = this.table.querySelector(`td[data-live="${CSS.escape(name)}"]`)
    if (cell) cell.textContent = this.milliseconds(name)
  }

  milliseconds(name) {
    const ms = this.latency.get(name)
    return ms === undefined ? NONE : `${ms.toFixed(ms < 1 ? 2 : 1)} ms`
  }

  /** The figures that any of the models has, by section, each with that of every model or null. */
  sections() {
    const all = this.cards.flatMap(({ metrics }) => metrics)
    const rows = [...new Map(all.map((metric) => [metric.name, metric])).values()]
    const of = (name) => this.cards.map(({ metrics }) => metrics.find((metric) => metric.name === name) ?? null)
    const order = [...new Set(this.cards.flatMap(({ sections }) => sections))]
    const sections = Map.groupBy(rows, ({ section }) => section)
    const given = (name) => sections.get(name) ?? []
    return order
      .filter((name) => given(name).length)
      .map((name) => [name, given(name).map((row) => ({ ...row, metrics: of(row.name) }))])
  }

  paint() {
    const { cards } = this
    const head = element(
      "tr",
      {},
      element("th", { scope: "col" }, "figure"),
      ...cards.map(({ title, name }) => element("th", { scope: "col" }, title, element("small", {}, name))),
    )
    const plain = (label, value, live = false) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, label),
        ...cards.map((card) => element("td", { "data-live": live ? card.name : undefined }, value(card))),
      )
    const fixed = [
      plain("pictures", ({ pictures, shape }) => `${pictures}, ${shape[2]} × ${shape[1]}`),
      plain("latents", ({ latent }) => String(latent)),
      plain("parameters", ({ parameters }) => parameters.toLocaleString("en")),
      plain("latency a picture, here and now", ({ name }) => this.milliseconds(name), true),
    ]
    const title = (name) =>
      element("tr", { class: "zt-cmp-part" }, element("th", { scope: "colgroup", colSpan: cards.length + 1 }, name))
    const rows = this.sections().flatMap(([name, figures]) => [title(name), ...figures.map((row) => this.row(row))])
    const caption = element(
      "caption",
      {},
      "Figures of the cards. Where a row has letters, only figures with the same letter were measured " +
        "alike; do not compare others without reading their protocols.",
    )
    this.table.replaceChildren(caption, element("thead", {}, head), element("tbody", {}, ...fixed, ...rows))
  }

  row({ name, unit, better, about, metrics }) {
    const letters = alike(metrics, this.cards)
    const which = better ? element("span", { class: "zt-cmp-better" }, better) : ""
    const head = element(
      "th",
      { scope: "row" },
      unit ? `${name} (${unit})` : name,
      " ",
      which,
      element("small", {}, about),
    )
    return element(
      "tr",
      { "data-figure": name },
      head,
      ...metrics.map((metric, i) =>
        element("td", {}, ...(metric ? this.figure(metric, this.cards[i], letters[i]) : [NONE])),
      ),
    )
  }

  figure({ name, text, kind, protocol, interval }, { title }, group) {
    const sure = interval ? `; 95 % confidence from ${interval.map(short).join(" to ")}` : ""
    const how = `${protocol}${sure}`
    const tell = () => (this.note.textContent = `${name} of ${title}: ${kind ? `${kind}; ` : ""}${how}`)
    const value = element(
      "button",
      {
        type: "button",
        class: "zt-cmp-figure",
        title: how,
        "aria-label": `${text}${kind ? `, ${kind}` : ""}. Protocol: ${how}`,
        onmouseenter: tell,
        onfocus: tell,
        onclick: tell,
      },
      text,
    )
    return [
      value,
      group ? element("sup", { title: "Measured alike where the letter is the same" }, group) : "",
      kind ? element("small", {}, kind) : "",
    ]
  }

  text() {
    const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`
    const line = (...cells) => cells.map(quoted).join(",")
    const head = line("model", "data", "figure", "value", "unit", "protocol", "from", "to", "better", "kind")
    const bare = (name, data, figure, value, unit = "", protocol = "") =>
      line(name, data, figure, value, unit, protocol, "", "", "", "")
    const plain = this.cards.flatMap(({ name, data, parameters, latent }) => [
      bare(name, data, "parameters", parameters),
      bare(name, data, "latents", latent),
    ])
    const live = this.cards
      .filter(({ name }) => this.latency.has(name))
      .map(({ name, data }) =>
        bare(
          name,
          data,
          "latency a picture",
          this.latency.get(name).toFixed(3),
          "ms",
          "in the model, measured live in this browser session",
        ),
      )
    const measured = this.cards.flatMap(({ name, data, metrics }) =>
      metrics.map((metric) =>
        line(
          name,
          data,
          metric.name,
          metric.value,
          metric.unit,
          metric.protocol,
          ...(metric.interval ?? ["", ""]),
          metric.better,
          metric.kind,
        ),
      ),
    )
    return [head, ...plain, ...live, ...measured].join("\r\n") + "\r\n"
  }
}

/** A letter for each figure of a row, the same for those of one data set and one protocol; none where all are alike. */
function alike(metrics, cards) {
  const keys = metrics.map(
    (metric, i) => metric && JSON.stringify([cards[i].data, cards[i].shape, metric.protocol, metric.kind]),
  )
  const kinds = [...new Set(keys.filter(Boolean))]
  return keys.map((key) => (key && kinds.length > 1 ? letter(kinds.indexOf(key)).toLowerCase() : ""))
}

const short = (value) => String(Number(value.toPrecision(4)))

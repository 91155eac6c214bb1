// The figures of the cards side by side, each with the protocol without which it is none, and as CSV.

import { button, element } from "./parts.js"
import { save } from "./saving.js"

const NONE = "–"

export class Figures {
  constructor({ body }) {
    this.note = element("p", { class: "zt-cmp-protocol", role: "status", "aria-live": "polite", "data-testid": "protocol" }, "Point at a figure, or tab to it: its protocol appears here.")
    this.table = element("table", { class: "zt-cmp-table", "data-testid": "table" })
    this.latency = new Map()
    this.csv = button("CSV", "Save the table, protocols included", () => save(new Blob([this.text()], { type: "text/csv" }), "zoetrope-figures.csv"), { "data-testid": "save-csv" })
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

  rows() {
    const names = [...new Set(this.cards.flatMap(({ metrics }) => metrics.map(({ name }) => name)))]
    const of = (name) => this.cards.map(({ metrics }) => metrics.find((metric) => metric.name === name) ?? null)
    return names.map((name) => ({ name, metrics: of(name) }))
  }

  paint() {
    const { cards } = this
    const head = element("tr", {}, element("th", { scope: "col" }, "figure"), ...cards.map(({ title, name }) => element("th", { scope: "col" }, title, element("small", {}, name))))
    const plain = (label, value, live = false) => element("tr", {}, element("th", { scope: "row" }, label), ...cards.map((card) => element("td", { "data-live": live ? card.name : undefined }, value(card))))
    const rows = this.rows().map(({ name, metrics }) => this.row(name, metrics))
    const fixed = [
      plain("pictures", ({ pictures, shape }) => `${pictures}, ${shape[2]} × ${shape[1]}`),
      plain("latents", ({ latent }) => String(latent)),
      plain("parameters", ({ parameters }) => parameters.toLocaleString("en")),
      plain("latency a picture, here and now", ({ name }) => this.milliseconds(name), true),
    ]
    const caption = element("caption", {}, "Figures of the cards. * measured by protocols that differ: do not compare without reading them.")
    this.table.replaceChildren(caption, element("thead", {}, head), element("tbody", {}, ...fixed, ...rows))
  }

  row(name, metrics) {
    const present = metrics.filter(Boolean)
    const unit = present[0].unit ? ` (${present[0].unit})` : ""
    const apart = new Set(present.map(({ protocol }) => protocol)).size > 1 ? " *" : ""
    return element("tr", {}, element("th", { scope: "row" }, `${name}${unit}${apart}`), ...metrics.map((metric, i) => element("td", {}, metric ? this.figure(metric, this.cards[i]) : NONE)))
  }

  figure({ name, value, protocol, interval }, { title }) {
    const how = interval ? `${protocol}; 95 % confidence from ${interval.map(short).join(" to ")}` : protocol
    const tell = () => (this.note.textContent = `${name} of ${title}: ${how}`)
    return element("button", { type: "button", class: "zt-cmp-figure", title: how, "aria-label": `${short(value)}. Protocol: ${how}`, onmouseenter: tell, onfocus: tell, onclick: tell }, short(value))
  }

  text() {
    const quoted = (value) => `"${String(value).replaceAll('"', '""')}"`
    const line = (...cells) => cells.map(quoted).join(",")
    const head = line("model", "data", "figure", "value", "unit", "protocol", "from", "to")
    const plain = this.cards.flatMap(({ name, data, parameters, latent }) => [line(name, data, "parameters", parameters, "", "", "", ""), line(name, data, "latents", latent, "", "", "", "")])
    const live = this.cards.filter(({ name }) => this.latency.has(name)).map(({ name, data }) => line(name, data, "latency a picture", this.latency.get(name).toFixed(3), "ms", "in the model, measured live in this browser session", "", ""))
    const measured = this.cards.flatMap(({ name, data, metrics }) => metrics.map((metric) => line(name, data, metric.name, metric.value, metric.unit, metric.protocol, ...(metric.interval ?? ["", ""]))))
    return [head, ...plain, ...live, ...measured].join("\r\n") + "\r\n"
  }
}

const short = (value) => String(Number(value.toPrecision(4)))

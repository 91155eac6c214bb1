// Mode coverage of the toys: what a model makes of many seeds, as points over the modes of its data.

import { telling } from "../../core/slot.js"
import { Chart, linear } from "../../charts/chart.js"
import { element } from "./parts.js"
import { view } from "./view.js"

const SAMPLES = 2500 // as the protocol of the cards has it
const PART = 500
// Of all toys at a time, so that the walls find room beside them: app/server/connection.py lets 4096 wait
const ASKED = 2000
const SIDE = 320

export class Toys {
  part = PART

  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(channel, { whole, body }) {
    this.channel = channel
    this.whole = whole
    this.plots = new Map()
    this.row = element("div", { class: "zt-cmp-row" })
    const about = element(
      "p",
      { class: "zt-cmp-says" },
      `${SAMPLES} samples, drawn now, over the modes of the data (circles, three deviations). A mode is ` +
        "found where a sample lies in its circle.",
    )
    body.replaceChildren(about, this.row)
  }

  /** Take the columns; only those of toys whose modes are known have a plot. */
  show(cards) {
    const toys = cards.filter(({ toy }) => toy)
    this.whole.hidden = !toys.length
    const key = JSON.stringify([toys.map(({ name }) => name), view.t])
    if (key === this.key) return
    this.key = key
    this.plots.forEach((plot) => plot.slot?.drop())
    this.part = Math.min(PART, Math.max(1, Math.floor(ASKED / toys.length)))
    this.plots = new Map(toys.map((card) => [card.name, this.plot(card)]))
    this.row.replaceChildren(...[...this.plots.values()].map((plot) => plot.element))
  }

  plot(card) {
    const canvas = element("canvas", { role: "img", "data-testid": "toy" })
    const text = element("span", {})
    const plot = {
      card,
      canvas,
      chart: new Chart(canvas),
      text,
      points: /** @type {number[]} */ ([]),
      slot: /** @type {import("../../core/slot.js").Slot | null} */ (null),
      element: element("figure", {}, canvas, element("figcaption", {}, element("b", {}, card.title), " ", text)),
    }
    const slot = this.channel.slot(`toy-${card.name}`)
    const more = () => {
      const from = plot.points.length / 2
      const seeds = Array.from({ length: Math.min(this.part, SAMPLES - from) }, (_, i) => from + i)
      slot
        .ask({ verb: "points", model: card.name, seeds, truncation: view.t })
        .then(({ results: [{ payload }] }) => take(new Float32Array(payload)))
        .catch(telling((sentence) => (text.textContent = sentence)))
    }
    const take = (points) => {
      plot.points.push(...points)
      paint(plot)
      if (plot.points.length < 2 * SAMPLES) more()
    }
    plot.slot = slot
    paint(plot)
    more()
    return plot
  }
}

function paint({ card, canvas, chart, text, points }) {
  const { extent, modes, deviation, reach } = card.toy
  const [across, down] = [linear([-extent, extent], [0, SIDE]), linear([-extent, extent], [SIDE, 0])]
  chart.fit(SIDE, SIDE)
  const { found, near } = coverage(card.toy, points)
  const radius = Math.max(6, across(reach * deviation) - across(0))
  modes.forEach(([x, y], i) => {
    const as = found.has(i) ? { colour: "--accent", width: 2 } : {}
    chart.ring([across(x), down(y)], radius, as)
  })
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [across(points[i]), down(points[i + 1])]
    chart.box([x - 1, y - 1], [x + 1, y + 1], { alpha: 0.35 })
  }
  const count = points.length / 2
  text.textContent = modes.length
    ? `${found.size} of ${modes.length} modes, ${count ? ((100 * near) / count).toFixed(1) : "–"} % of ` +
      `${count} samples in one`
    : `${count} samples; this data has no modes to count`
  Object.assign(canvas.dataset, { found: found.size, count })
  canvas.setAttribute("aria-label", `${card.title}: ${text.textContent}`)
}

function coverage({ modes, deviation, reach }, points) {
  const found = new Set()
  let near = 0
  for (let i = 0; i < points.length; i += 2) {
    const at = modes.findIndex(([x, y]) => Math.hypot(points[i] - x, points[i + 1] - y) < reach * deviation)
    if (at < 0) continue
    found.add(at)
    near++
  }
  return { found, near }
}

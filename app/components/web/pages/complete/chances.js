// The distribution of a pixel's value: bars where it is black or white, else one area of 256 levels for each channel.

import { Chart, linear } from "../../charts/chart.js"
import { element } from "../../ui/element.js"

const NAMES = { 1: [""], 3: ["red", "green", "blue"] }
const COLOURS = { 1: ["--ink"], 3: ["#e03131", "#2f9e44", "#3b5bdb"] }

export class Chances {
  rows = []

  constructor(host) {
    this.host = host
    this.says = element("p", { class: "zt-cpl-says", "data-testid": "chances" })
    this.plots = element("div", { class: "zt-cpl-plots" })
    host.replaceChildren(this.plots, this.says)
  }

  /** Say why there is nothing to show. */
  blank(sentence) {
    this.plots.replaceChildren()
    this.shape = null
    this.says.textContent = sentence
  }

  /** Show the chances of a pixel's channels, and mark the values (bytes) that were drawn. */
  show(where, values, chances) {
    const shape = `${chances.length} ${chances[0].length}`
    if (shape !== this.shape) this.build(chances.length, chances[0].length)
    this.shape = shape
    const drawn = Array.from(values, (value, channel) => Math.round((value / 255) * (chances[channel].length - 1)))
    const odds = drawn.map((level, channel) => chances[channel][level])
    if (chances[0].length === 2) this.bars(chances[0], drawn[0])
    else chances.forEach((all, channel) => this.area(channel, all, drawn[channel]))
    const bits = odds.reduce((sum, p) => sum - Math.log2(Math.max(p, 1e-12)), 0)
    const value = chances[0].length === 2 ? ["black", "white"][drawn[0]] : drawn.join(", ")
    this.says.textContent =
      `${where}: ${value} was drawn; its chance was ` +
      `${percent(odds.reduce((product, p) => product * p, 1))}, a surprise of ` +
      `${bits.toFixed(bits < 0.1 ? 3 : 2)} bits.`
  }

  build(channels, levels) {
    if (levels === 2) {
      this.rows = ["black", "white"].map((name) => {
        const bar = element("i", {})
        const figure = element("output", {})
        const row = element("div", { class: "zt-cpl-bar" }, element("span", {}, name), bar, figure)
        return { row, bar, figure }
      })
      return this.plots.replaceChildren(...this.rows.map(({ row }) => row))
    }
    this.canvases = NAMES[channels].map((name) =>
      element("canvas", {
        class: "zt-cpl-area",
        role: "img",
        "aria-label": `Chances of the 256 levels${name && ` of ${name}`}`,
      }),
    )
    this.plots.replaceChildren(...this.canvases)
  }

  bars(chances, drawn) {
    this.rows.forEach(({ row, bar, figure }, level) => {
      bar.style.setProperty("--part", chances[level])
      figure.textContent = percent(chances[level])
      row.classList.toggle("zt-cpl-drawn", level === drawn)
    })
  }

  /** Draw levels from left to right; the scale fits the highest, and says so. */
  area(channel, chances, drawn) {
    const chart = new Chart(this.canvases[channel])
    chart.fit(this.canvases[channel].clientWidth || 260, this.canvases[channel].clientHeight || 96)
    const { width, height, size } = chart
    const [last, most, top] = [chances.length - 1, Math.max(...chances), 1.4 * size]
    const x = linear([0, last], [1, width - 1])
    const y = linear([0, most], [height - 1, top - 1])
    const levels = Array.from(chances, (p, level) => [x(level), y(p)])
    const points = /** @type {import("../../charts/chart.js").Point[]} */ ([
      [x(0), height],
      ...levels,
      [x(last), height],
    ])
    chart.area(points, { colour: COLOURS[this.canvases.length][channel], alpha: 0.55 })
    chart.box([x(drawn) - 1, top], [x(drawn) + 1, height], { colour: "--accent" })
    const right = drawn <= 128
    chart.text(`highest ${percent(most)}`, [right ? width - 2 : 2, size], { align: right ? "right" : "left" })
  }
}

export const percent = (p) =>
  p >= 0.9995 ? "> 99.9 %" : p < 0.0005 ? (p ? "< 0.05 %" : "0 %") : `${(100 * p).toFixed(p < 0.1 ? 2 : 1)} %`

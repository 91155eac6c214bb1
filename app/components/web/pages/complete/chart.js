// The distribution of a pixel's value: bars where it is black or white, else one area of 256 levels for each channel.

import { context2d } from "../../pixels/canvas.js"
import { element } from "../../ui/element.js"

const NAMES = { 1: [""], 3: ["red", "green", "blue"] }
const COLOURS = { 1: ["--ink"], 3: ["#e03131", "#2f9e44", "#3b5bdb"] }

export class Chart {
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
    const canvas = this.canvases[channel]
    const scale = Math.min(window.devicePixelRatio || 1, 2)
    const [width, height] = [canvas.clientWidth || 260, canvas.clientHeight || 96]
    Object.assign(canvas, { width: width * scale, height: height * scale })
    const context = context2d(canvas)
    context.scale(scale, scale)
    const style = getComputedStyle(canvas)
    const ink = style.getPropertyValue("--ink")
    const colour = COLOURS[this.canvases.length][channel]
    const most = Math.max(...chances)
    const x = (level) => (level / (chances.length - 1)) * (width - 2) + 1
    const top = 1.4 * parseFloat(style.fontSize) // the line of text
    const y = (p) => height - 1 - (p / most) * (height - top)
    context.fillStyle = colour.startsWith("--") ? ink : colour
    context.globalAlpha = 0.55
    context.beginPath()
    context.moveTo(x(0), height)
    chances.forEach((p, level) => context.lineTo(x(level), y(p)))
    context.lineTo(x(chances.length - 1), height)
    context.fill()
    context.globalAlpha = 1
    context.fillStyle = context.strokeStyle = style.getPropertyValue("--accent")
    context.fillRect(x(drawn) - 1, top, 2, height - top)
    context.fillStyle = ink
    context.font = `${style.fontSize} ${style.fontFamily}`
    context.textAlign = drawn > 128 ? "left" : "right"
    context.textBaseline = "top"
    context.fillText(`highest ${percent(most)}`, drawn > 128 ? 2 : width - 2, 2)
  }
}

export const percent = (p) =>
  p >= 0.9995 ? "> 99.9 %" : p < 0.0005 ? (p ? "< 0.05 %" : "0 %") : `${(100 * p).toFixed(p < 0.1 ? 2 : 1)} %`

// One wall of samples: drawn from a sheet, with one cell marked, and that cell enlarged above it.

import { context2d } from "../../pixels/canvas.js"
import { corner } from "../../pixels/sheet.js"
import { element } from "./parts.js"

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

export class Wall {
  count = 0
  columns = 1

  /** `on.cell(i)` hears which cell the pointer or the keys are on. */
  constructor(name, on) {
    this.on = on
    this.result = null
    this.all = null
    this.frames = 0
    this.loupe = element("canvas", { class: "zt-cmp-loupe", role: "img", "aria-label": `Enlarged sample of ${name}` })
    this.canvas = element("canvas", {
      class: "zt-cmp-wall",
      tabIndex: 0,
      role: "application",
      "aria-roledescription": "wall of samples",
      "aria-label": `Samples of ${name}; arrow keys choose one in all columns`,
      "data-testid": "wall",
    })
    this.mark = element("i", { class: "zt-cmp-mark", hidden: true })
    this.element = element("div", { class: "zt-cmp-frame" }, this.canvas, this.mark)
    const point = (event) => this.result && this.on.cell(this.at(event))
    this.canvas.addEventListener("pointermove", point)
    this.canvas.addEventListener("pointerdown", point)
    this.canvas.addEventListener("keydown", (event) => this.press(event))
  }

  at({ offsetX, offsetY }) {
    const { columns, count } = this
    const rows = Math.ceil(count / columns)
    const across = Math.min(columns - 1, Math.max(0, Math.floor((offsetX / this.canvas.clientWidth) * columns)))
    const down = Math.min(rows - 1, Math.max(0, Math.floor((offsetY / this.canvas.clientHeight) * rows)))
    return Math.min(count - 1, down * columns + across)
  }

  press(event) {
    const step = ARROWS[event.key]
    if (!step || !this.result || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    const next = this.cell + step[0] + step[1] * this.columns
    if (next >= 0 && next < this.count) this.on.cell(next)
  }

  draw({ result, all }, soft, cell) {
    Object.assign(this, { result, all, count: result.shape[0], columns: result.columns })
    const [, height, width] = result.shape
    const scale = Math.max(1, Math.round(560 / (width * result.columns)))
    const [across, down] = [all.width * scale, all.height * scale]
    if (this.canvas.width !== across || this.canvas.height !== down)
      Object.assign(this.canvas, { width: across, height: down })
    const context = context2d(this.canvas)
    context.imageSmoothingEnabled = soft
    context.clearRect(0, 0, across, down)
    if (soft) {
      for (let i = 0; i < this.count; i++) {
        const [x, y] = corner(result, i) // one by one: soft pixels must not run into the neighbour
        context.drawImage(all, x, y, width, height, x * scale, y * scale, width * scale, height * scale)
      }
    } else context.drawImage(all, 0, 0, across, down)
    this.canvas.dataset.frames = ++this.frames
    this.enlarge(cell, soft)
  }

  enlarge(cell, soft) {
    if (!this.result) return
    this.cell = Math.min(cell, this.count - 1)
    const [, height, width] = this.result.shape
    const scale = Math.max(1, Math.floor(224 / Math.max(height, width)))
    Object.assign(this.loupe, { width: width * scale, height: height * scale })
    const context = context2d(this.loupe)
    context.imageSmoothingEnabled = soft
    context.drawImage(this.all, ...corner(this.result, this.cell), width, height, 0, 0, width * scale, height * scale)
    const rows = Math.ceil(this.count / this.columns)
    Object.assign(this.mark.style, {
      width: `${100 / this.columns}%`,
      height: `${100 / rows}%`,
      left: `${(100 * (this.cell % this.columns)) / this.columns}%`,
      top: `${(100 * Math.floor(this.cell / this.columns)) / rows}%`,
    })
    this.mark.hidden = false
  }

  /** The enlarged sample in its own size, on a canvas. */
  picture() {
    if (!this.result) return null
    const [, height, width] = this.result.shape
    const canvas = element("canvas", { width, height })
    context2d(canvas).drawImage(this.all, ...corner(this.result, this.cell), width, height, 0, 0, width, height)
    return canvas
  }
}

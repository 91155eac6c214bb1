// The latent plane: two axes, the pictures that lie on it, the data's posterior means, and a point to drag.

import { telling } from "../core/slot.js"
import { context2d, density } from "../pixels/canvas.js"
import { kindColour } from "../pixels/colormap.js"
import { asSheet } from "../pixels/sheet.js"

const TILES = 420 // pictures on the plane, more or less; large pictures get fewer
const DOTS = 3000

const blur = () => document.activeElement instanceof HTMLElement && document.activeElement.blur()

export class Plane {
  /** @param {import("../core/channel.js").Channel} channel */
  constructor(channel, parts, onDrag, onSettled) {
    this.parts = parts
    this.onDrag = onDrag
    this.onSettled = onSettled
    this.means = /** @type {Float32Array | null} */ (null)
    this.labels = /** @type {Int16Array | null} */ (null)
    this.dots = true
    this.asked = ""
    this.background = channel.slot("plane")
    this.cloud = channel.slot("posterior")
    this.listen()
  }

  listen() {
    const { box } = this.parts
    box.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || !this.view) return
      box.setPointerCapture(event.pointerId)
      this.dragging = event.pointerId
      blur() // so that the arrows go to the plane, and not to a slider used before
      this.drag(event)
    })
    box.addEventListener("pointermove", (event) => this.dragging === event.pointerId && this.drag(event))
    for (const end of ["pointerup", "pointercancel"]) {
      box.addEventListener(end, (event) => {
        if (this.dragging !== event.pointerId) return
        this.dragging = null
        this.onSettled()
      })
    }
  }

  drag(event) {
    const area = this.parts.box.getBoundingClientRect()
    const [x, y] = [(event.clientX - area.left) / area.width, (event.clientY - area.top) / area.height]
    const [a, b] = this.view.axes
    const within = (value) => Math.min(1, Math.max(0, value))
    this.onDrag([a, b], [this.value(a, within(x)), this.value(b, within(1 - y))], event.timeStamp)
  }

  value(axis, part) {
    const { low, high } = this.view.card.axes[axis]
    return low + part * (high - low)
  }

  part(axis, value) {
    const { low, high } = this.view.card.axes[axis]
    return (value - low) / (high - low)
  }

  /** Take a view of a model; its cloud and background are asked for where they differ from what is there. */
  open(view) {
    if (this.view?.card.name !== view.card.name) {
      this.means = this.labels = this.tiles = null
      this.asked = ""
      this.paint()
      this.background.drop()
      this.askCloud(view.card)
    }
    this.view = view
    this.move()
    this.refresh()
  }

  /** Ask again for what did not come. */
  again() {
    if (!this.means) this.askCloud(this.view.card)
    this.refresh()
  }

  /** Put the point where the view is. */
  move() {
    const [a, b] = this.view.axes
    const within = (value) => Math.min(1, Math.max(0, value))
    const [x, y] = [within(this.part(a, this.view.z[a])), within(this.part(b, this.view.z[b]))]
    const { box, point } = this.parts
    point.style.transform = `translate(${x * box.clientWidth}px, ${(1 - y) * box.clientHeight}px)`
    box.setAttribute("aria-valuetext", `${this.view.z[a]}, ${this.view.z[b]}`)
  }

  /** Ask for the slice through the view that the plane shows, unless it is there already. */
  refresh() {
    const { card, z, y, axes } = this.view
    const rest = z.map((value, axis) => (axes.includes(axis) ? 0 : value))
    const wanted = JSON.stringify([card.name, y, axes, rest])
    if (wanted === this.asked) return
    this.asked = wanted
    const [channels, height, width] = card.shape
    const count = TILES / Math.min(6, Math.max(1, (channels * height * width) / 2500))
    const columns = Math.round(Math.sqrt((count * height) / width))
    const lines = Math.round(Math.sqrt((count * width) / height))
    const rows = new Float32Array(columns * lines * z.length)
    for (let i = 0; i < columns * lines; i++) {
      rows.set(z, i * z.length)
      rows[i * z.length + axes[0]] = this.value(axes[0], ((i % columns) + 0.5) / columns)
      rows[i * z.length + axes[1]] = this.value(axes[1], 1 - (Math.floor(i / columns) + 0.5) / lines)
    }
    /** @type {import("../core/verbs.js").Operation} */
    const operation = { verb: "decode", model: card.name, rows: columns * lines, columns, y: y ?? undefined }
    this.background
      .ask(operation, rows, asSheet)
      .then(({ made }) => this.takeTiles(made))
      .catch(telling(() => (this.asked = "")))
  }

  takeTiles(tiles) {
    this.tiles = tiles
    this.paint()
  }

  askCloud({ name }) {
    this.cloud.drop()
    this.cloud
      .ask({ verb: "posterior", model: name })
      .then(({ results: [result] }) => this.takeCloud(result))
      .catch(telling())
  }

  takeCloud({ shape: [count, latent], labels, payload }) {
    this.means = new Float32Array(payload.slice(0, 4 * count * latent))
    this.labels = labels ? new Int16Array(payload.slice(4 * count * latent)) : null
    this.latent = latent
    this.parts.onCloud(count, this.labels !== null)
    this.paint()
  }

  paint() {
    const { canvas, box } = this.parts
    const scale = density()
    const [width, height] = [Math.round(box.clientWidth * scale), Math.round(box.clientHeight * scale)]
    if (!width || !height) return
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height })
    const context = context2d(canvas)
    context.clearRect(0, 0, width, height)
    context.imageSmoothingQuality = "high"
    context.globalAlpha = this.dots ? 0.8 : 1
    if (this.tiles) context.drawImage(this.tiles, 0, 0, width, height)
    context.globalAlpha = 1
    if (this.dots && this.means) this.paintDots(context, this.means, width, height, scale)
  }

  paintDots(context, means, width, height, scale) {
    const count = means.length / this.latent
    const [a, b] = this.view.axes
    const step = Math.max(1, Math.ceil(count / DOTS))
    const radius = scale * Math.min(2.4, Math.max(1.3, width / scale / 270))
    context.globalAlpha = 0.85
    context.lineWidth = 0.4 * scale
    context.strokeStyle = "rgba(255,255,255,.6)"
    for (let i = 0; i < count; i += step) {
      const x = this.part(a, means[i * this.latent + a]) * width
      const y = (1 - this.part(b, means[i * this.latent + b])) * height
      context.fillStyle = kindColour(this.labels ? this.labels[i] : 0)
      context.beginPath()
      context.arc(x, y, radius, 0, 7)
      context.fill()
      context.stroke()
    }
    context.globalAlpha = 1
  }

  resize() {
    if (!this.view) return
    this.paint()
    this.move()
  }
}

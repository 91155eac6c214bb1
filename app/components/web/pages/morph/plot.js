// |z| along the path, over the shell in which nearly all draws of the prior lie. A drag over it scrubs.

import { context2d } from "../../pixels/canvas.js"
import { Path, norm, INTERPOLATIONS } from "../../latent/path.js"

const POINTS = 240
const EDGE = { left: 34, right: 8, top: 16, bottom: 8 } // CSS pixels

export class Plot {
  scale = 0
  most = 1
  colours = {}
  /** @type {ReturnType<typeof context2d>} */ context

  constructor(canvas, box, onSeek) {
    const back = new OffscreenCanvas(1, 1) // all but the cursor, which alone moves at each screen refresh
    this.canvas = canvas
    this.box = box
    this.back = back
    this.onSeek = onSeek
    this.curves = {}
    this.time = 0
    this.codes = null
    box.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || !this.walk?.ready) return
      box.setPointerCapture(event.pointerId)
      this.seek(event)
    })
    box.addEventListener("pointermove", (event) => box.hasPointerCapture(event.pointerId) && this.seek(event))
  }

  seek(event) {
    const area = this.canvas.getBoundingClientRect()
    this.onSeek((event.clientX - area.left - EDGE.left) / (area.width - EDGE.left - EDGE.right), event.timeStamp)
  }

  /** Take a walk: the length of its latents on each of the ways. */
  open(walk) {
    this.walk = walk
    const lengths = (way) => {
      const path = new Path(
        walk.keys.map(({ z }) => z),
        { ...walk.settings, way },
      )
      return Array.from({ length: POINTS + 1 }, (_, i) => norm(path.at(i / POINTS)))
    }
    this.curves = walk.ready ? Object.fromEntries(Object.keys(INTERPOLATIONS).map((way) => [way, lengths(way)])) : {}
    this.paint()
  }

  /** Take how far out the codes of held-out pictures lie: their 5, 50 and 95 %. */
  takeCodes(codes) {
    this.codes = codes
    this.paint()
  }

  move(time) {
    this.time = time
    this.show()
  }

  fit(width, height) {
    this.scale = Math.min(window.devicePixelRatio || 1, 2)
    const size = {
      width: Math.max(1, Math.round(width * this.scale)),
      height: Math.max(1, Math.round(height * this.scale)),
    }
    for (const canvas of [this.canvas, this.back]) Object.assign(canvas, size)
    this.paint()
  }

  /** The smallest and the largest |z| on the way that is walked. */
  get span() {
    const curve = this.curves[this.walk.settings.way]
    return [Math.min(...curve), Math.max(...curve)]
  }

  /** The part of the way, 0 to 1, that lies within a band. */
  within([low, , high]) {
    const curve = this.curves[this.walk.settings.way]
    return curve.filter((length) => length >= low && length <= high).length / curve.length
  }

  paint() {
    const { back, scale, walk, canvas } = this
    if (!walk || !scale) return
    const style = getComputedStyle(canvas)
    this.colours = Object.fromEntries(["--ink", "--accent"].map((name) => [name, style.getPropertyValue(name)]))
    const all = [...Object.values(this.curves).flat(), ...(walk.card.shell ?? []), ...(this.codes ?? [])]
    this.most = 1.12 * Math.max(1e-6, ...all)
    const context = (this.context = context2d(back))
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, back.width, back.height)
    context.font = `${Math.max(11, 0.8 * parseFloat(style.fontSize))}px ${style.fontFamily}`
    if (this.codes) this.band(this.codes, "--ink", 0.1, "codes of held-out pictures", "left")
    if (walk.card.shell) this.band(walk.card.shell, "--accent", 0.2, "shell of the prior: 5 – 95 %", "right")
    this.axis()
    for (const way of Object.keys(this.curves)) if (way !== walk.settings.way) this.curve(way, 1, 0.35, [4, 4])
    if (walk.ready) this.curve(walk.settings.way, 2.5, 1, [])
    if (walk.ready) walk.keys.forEach((_, key) => this.dot(walk.path.timeOf(key), 3.5, "--ink"))
    this.show()
  }

  /** Put the cursor where the moment is. */
  show() {
    const { canvas, walk, scale } = this
    if (!walk || !scale) return
    const context = (this.context = context2d(canvas))
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.clearRect(0, 0, canvas.width, canvas.height)
    context.drawImage(this.back, 0, 0)
    if (!walk.ready) return
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.strokeStyle = this.ink("--ink")
    this.line(
      [
        [this.time, 0],
        [this.time, this.most],
      ],
      1,
      [],
    )
    this.dot(this.time, 6, "--accent")
  }

  ink(name) {
    return this.colours[name]
  }

  x(time) {
    return EDGE.left + time * (this.canvas.width / this.scale - EDGE.left - EDGE.right)
  }

  y(length) {
    const height = this.canvas.height / this.scale
    return height - EDGE.bottom - (length / this.most) * (height - EDGE.top - EDGE.bottom)
  }

  band([low, middle, high], colour, alpha, text, align) {
    const { context } = this
    context.fillStyle = context.strokeStyle = this.ink(colour)
    context.globalAlpha = alpha
    context.fillRect(this.x(0), this.y(high), this.x(1) - this.x(0), this.y(low) - this.y(high))
    context.globalAlpha = Math.min(1, 3 * alpha)
    this.line(
      [
        [0, middle],
        [1, middle],
      ],
      1,
      [2, 3],
    )
    context.globalAlpha = 0.95
    context.fillStyle = this.ink("--ink")
    context.textAlign = align
    const above = align === "right" ? this.y(high) - 4 : this.y(low) + 13
    context.fillText(text, this.x(align === "right" ? 1 : 0) + (align === "right" ? -2 : 3), Math.max(11, above))
    context.globalAlpha = 1
  }

  axis() {
    const { context } = this
    context.fillStyle = context.strokeStyle = this.ink("--ink")
    context.globalAlpha = 0.75
    context.textAlign = "right"
    const step = [0.5, 1, 2, 5, 10, 20, 50, 100].find((one) => this.most / one <= 6) ?? this.most
    for (let value = 0; value <= this.most; value += step)
      context.fillText(String(value), EDGE.left - 6, this.y(value) + 4)
    this.line(
      [
        [0, 0],
        [1, 0],
      ],
      1,
      [],
    )
    context.globalAlpha = 1
  }

  curve(way, width, alpha, dash) {
    const { context } = this
    context.strokeStyle = this.ink(way === this.walk.settings.way ? "--accent" : "--ink")
    context.globalAlpha = alpha
    this.line(
      this.curves[way].map((length, i) => [i / POINTS, length]),
      width,
      dash,
    )
    context.globalAlpha = 1
  }

  dot(time, radius, colour) {
    const { context, walk } = this
    context.fillStyle = this.ink(colour)
    context.beginPath()
    context.arc(this.x(time), this.y(norm(walk.path.at(time))), radius, 0, 2 * Math.PI)
    context.fill()
  }

  line(points, width, dash) {
    const { context } = this
    context.lineWidth = width
    context.setLineDash(dash)
    context.beginPath()
    points.forEach(([time, length], i) => context[i ? "lineTo" : "moveTo"](this.x(time), this.y(length)))
    context.stroke()
    context.setLineDash([])
  }
}

// |z| along the path, over the shell in which nearly all draws of the prior lie. A drag over it scrubs.

import { Chart, linear } from "../../charts/chart.js"
import { Path, norm, INTERPOLATIONS } from "../../latent/path.js"

const POINTS = 240
const EDGE = { left: 34, right: 8, top: 16, bottom: 8 } // CSS pixels

export class Plot {
  most = 1

  constructor(canvas, box, onSeek) {
    this.canvas = canvas
    this.front = new Chart(canvas)
    this.back = new Chart(new OffscreenCanvas(1, 1), canvas) // all but the cursor, which alone moves at each refresh
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
    for (const chart of [this.front, this.back]) chart.fit(width, height)
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
    const { back, walk } = this
    if (!walk || !back.width) return
    const all = [...Object.values(this.curves).flat(), ...(walk.card.shell ?? []), ...(this.codes ?? [])]
    this.most = 1.12 * Math.max(1e-6, ...all)
    for (const chart of [this.front, back]) chart.begin()
    if (this.codes) this.band(this.codes, "--ink", 0.1, "codes of held-out pictures", "left")
    if (walk.card.shell) this.band(walk.card.shell, "--accent", 0.2, "shell of the prior: 5 – 95 %", "right")
    this.axis()
    for (const way of Object.keys(this.curves))
      if (way !== walk.settings.way) this.curve(way, { alpha: 0.35, dash: [4, 4] })
    if (walk.ready) this.curve(walk.settings.way, { colour: "--accent", width: 2.5 })
    if (walk.ready) walk.keys.forEach((_, key) => back.dot(this.place(walk.path.timeOf(key)), 3.5, {}))
    this.show()
  }

  /** Put the cursor where the moment is. */
  show() {
    const { front, back, walk, time } = this
    if (!walk || !front.width) return
    front.lay(back)
    if (!walk.ready) return
    front.segment([this.x(time), this.y(0)], [this.x(time), this.y(this.most)], {})
    front.dot(this.place(time), 6, { colour: "--accent" })
  }

  get x() {
    return linear([0, 1], [EDGE.left, this.front.width - EDGE.right])
  }

  get y() {
    return linear([0, this.most], [this.front.height - EDGE.bottom, EDGE.top])
  }

  /**
   * Where the path is at a time.
   *
   * @returns {import("../../charts/chart.js").Point}
   */
  place(time) {
    return [this.x(time), this.y(norm(this.walk.path.at(time)))]
  }

  band([low, middle, high], colour, alpha, words, align) {
    const { back, x, y } = this
    back.box([x(0), y(high)], [x(1), y(low)], { colour, alpha })
    back.segment([x(0), y(middle)], [x(1), y(middle)], { colour, alpha: Math.min(1, 3 * alpha), dash: [2, 3] })
    const right = align === "right"
    const above = right ? y(high) - 4 : y(low) + back.size + 1
    back.text(words, [right ? x(1) - 2 : x(0) + 3, Math.max(back.size, above)], { align, alpha: 0.95 })
  }

  axis() {
    const { back, x, y } = this
    const step = [0.5, 1, 2, 5, 10, 20, 50, 100].find((one) => this.most / one <= 6) ?? this.most
    for (let value = 0; value <= this.most; value += step)
      back.text(String(value), [EDGE.left - 6, y(value) + 4], { align: "right", alpha: 0.75 })
    back.segment([x(0), y(0)], [x(1), y(0)], { alpha: 0.75 })
  }

  curve(way, as) {
    const { x, y } = this
    this.back.line(
      this.curves[way].map((length, i) => [x(i / POINTS), y(length)]),
      as,
    )
  }
}

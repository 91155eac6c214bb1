// The stage: the source as it is, and on it the crop box, which is always in sight and can be moved, sized and turned.

import { context2d, density } from "../pixels/canvas.js"
import { element } from "../ui/element.js"
import { clamp, reach, turned, within } from "./crop.js"

const STEP = 0.01 // of the longer side of the source, for an arrow key
const LARGE = 5 // times as far with Shift
const GROWTH = 1.04
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const HANDLES = ["nw", "ne", "sw", "se"]
const HELP =
  "Crop box. Arrow keys move it, Shift for large steps; plus and minus change its size; [ and ] turn it " +
  "by a degree, R by 90 degrees."

export class Stage {
  /** @type {import("./sourceState.js").Source} */ source

  /**
   * `on.cropped(crop)` hears of another crop; `on.pen(kind, [x, y])` of a pen that begins, moves and ends, where
   * `on.draws()`.
   */
  constructor(parts, on) {
    this.parts = parts
    this.on = on
    /** @type {{what: string, id: number, from: [number, number], slack: number} | null} */
    this.grip = null
    parts.box.append(...HANDLES.map((corner) => element("i", { class: `zt-rec-handle zt-rec-${corner}` })))
    const { stage } = parts
    stage.addEventListener("pointerdown", (event) => this.press(event))
    stage.addEventListener("pointermove", (event) => this.move(event))
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, (event) => this.release(event))
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false })
    parts.box.addEventListener("keydown", (event) => this.key(event))
  }

  /** Pixels of the screen for one of the source, and the source's place on the stage. */
  get scale() {
    return this.parts.stage.clientWidth / reach(this.source)
  }

  place({ x, y }) {
    const { width, height } = this.source.canvas
    const [half, middle] = [reach(this.source) / 2, this.scale]
    return [(x - width / 2 + half) * middle, (y - height / 2 + half) * middle]
  }

  /** Where a pointer is, in pixels of the source. */
  point(event) {
    const frame = this.parts.stage.getBoundingClientRect()
    const { width, height } = this.source.canvas
    const half = reach(this.source) / 2
    return [
      (event.clientX - frame.left) / this.scale + width / 2 - half,
      (event.clientY - frame.top) / this.scale + height / 2 - half,
    ]
  }

  /** Draw a source and its crop box. */
  paint(source) {
    this.source = source
    const { stage, view, box } = this.parts
    const side = Math.round(stage.clientWidth * density())
    if (!side) return
    if (view.width !== side) view.width = view.height = side
    const context = context2d(view)
    context.fillStyle = source.paper
    context.fillRect(0, 0, side, side)
    const scale = side / reach(source)
    const { width, height } = source.canvas
    context.imageSmoothingEnabled = scale < 3
    context.imageSmoothingQuality = "high"
    context.drawImage(
      source.canvas,
      (side - width * scale) / 2,
      (side - height * scale) / 2,
      width * scale,
      height * scale,
    )
    this.frame(box)
  }

  frame(box) {
    const { crop } = this.source
    const [left, top] = this.place(crop)
    const side = crop.side * this.scale
    box.style.width = box.style.height = `${side}px`
    box.style.transform = `translate(${left - side / 2}px, ${top - side / 2}px) rotate(${turned(crop)}deg)`
    const percent = (value, whole) => `${Math.round((100 * value) / whole)} %`
    const { width, height } = this.source.canvas
    box.setAttribute(
      "aria-label",
      `${HELP} Now its middle is at ${percent(crop.x, width)}, ${percent(crop.y, height)}, side ` +
        `${Math.round(crop.side)} pixels, turned by ${turned(crop)} degrees`,
    )
  }

  // Gestures

  press(event) {
    if (!this.source || event.button) return
    const corner = event.target.classList.contains("zt-rec-handle")
    const what = corner ? "size" : this.on.draws() ? "pen" : this.parts.box.contains(event.target) ? "move" : null
    if (!what) return
    event.preventDefault()
    this.parts.stage.setPointerCapture(event.pointerId)
    const [x, y] = this.point(event)
    const { crop } = this.source
    const slack = crop.side / 2 - this.far([x, y]) // so that the box does not jump under the pointer
    this.grip = { what, id: event.pointerId, from: [x - crop.x, y - crop.y], slack }
    if (what === "pen") return this.on.pen("begin", [x, y])
    this.parts.box.focus({ preventScroll: true })
  }

  move(event) {
    if (!this.grip || event.pointerId !== this.grip.id) return
    if (this.grip.what === "pen") {
      const events = event.getCoalescedEvents?.() ?? []
      return this.on.pen("move", ...(events.length ? events : [event]).map((each) => this.point(each)))
    }
    const [x, y] = this.point(event)
    if (this.grip.what === "move") return this.change({ x: x - this.grip.from[0], y: y - this.grip.from[1] })
    this.change({ side: 2 * Math.max(0, this.far([x, y]) + this.grip.slack) })
  }

  /** How far a point lies from the middle of the box, along its sides. */
  far([x, y]) {
    const { crop } = this.source
    const turn = (-turned(crop) * Math.PI) / 180
    const [across, down] = [x - crop.x, y - crop.y]
    return Math.max(
      Math.abs(across * Math.cos(turn) - down * Math.sin(turn)),
      Math.abs(across * Math.sin(turn) + down * Math.cos(turn)),
    )
  }

  release(event) {
    if (!this.grip || event.pointerId !== this.grip.id) return
    if (this.grip.what === "pen") this.on.pen("end")
    this.grip = null
  }

  wheel(event) {
    if (!this.source || !this.parts.stage.contains(document.activeElement)) return // else the page is to scroll
    event.preventDefault()
    this.change({ side: this.source.crop.side * GROWTH ** clamp(event.deltaY / 50, -3, 3) })
  }

  key(event) {
    if (!this.source || event.ctrlKey || event.metaKey || event.altKey) return
    const change = this.keyed(event)
    if (!change) return
    event.preventDefault()
    event.stopPropagation() // Streamlit's own R runs the page again
    this.change(change)
  }

  keyed({ key, shiftKey }) {
    const { crop, canvas } = this.source
    const step = STEP * (shiftKey ? LARGE : 1) * Math.max(canvas.width, canvas.height)
    if (ARROWS[key]) return { x: crop.x + step * ARROWS[key][0], y: crop.y + step * ARROWS[key][1] }
    if (key === "+" || key === "=") return { side: crop.side * GROWTH }
    if (key === "-" || key === "_") return { side: crop.side / GROWTH }
    if (key === "[" || key === "]") return { angle: clamp(crop.angle + (key === "]" ? 1 : -1), -45, 45) }
    return key.toLowerCase() === "r" ? { quarter: (crop.quarter + (key === "R" ? 3 : 1)) % 4 } : null
  }

  change(part) {
    this.on.cropped(within({ ...this.source.crop, ...part }, this.source))
  }
}

// The drawing pad: white strokes on black, as digits are in the data. Every stroke can be undone, a cleared pad too.

import { context2d } from "../pixels/canvas.js"
import { button, element, labelled } from "./parts.js"
import { clamp } from "./crop.js"
import { lay, sheet, sourceState } from "./sourceState.js"

const SIDE = 448 // pixels of the pad
const STEP = 8 // that an arrow key moves the pen
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const HELP =
  "Drawing pad. Arrow keys move the pen, Space puts it down or lifts it; plus and minus change its " +
  "width; E erases; U takes a stroke back."
const KEPT = "zoetrope-strokes" // in the session's storage, so that a reload takes no drawing away

export class Pad {
  /** `on.changed()` hears of each new part of a stroke; `cursor` is the mark where the keyboard's pen stands. */
  constructor(cursor, on) {
    this.cursor = cursor
    this.on = on
    this.at = [SIDE / 2, SIDE / 2]
    this.down = false
    if (!sourceState.sources.draw) this.create()
    this.panel = this.controls()
  }

  create() {
    const kind = sourceState.kind
    sourceState.strokes = stored()
    this.source = lay("draw", sheet(SIDE, SIDE), { fit: "all", title: "Your drawing", room: 1, query: {} })
    sourceState.kind = kind
    this.repaint()
  }

  get canvas() {
    return sourceState.sources.draw.canvas
  }

  get empty() {
    return !visible(sourceState.strokes).length
  }

  controls() {
    const { pen } = sourceState
    this.width = element("input", {
      class: "zt-rec-range",
      type: "range",
      min: 8,
      max: 96,
      step: 4,
      value: pen.width,
      "aria-label": "Width of the pen",
    })
    this.width.addEventListener("input", () => (pen.width = Number(this.width.value)))
    this.drawing = button(
      "Draw",
      "Draw with the pointer; off: the pointer moves the crop box",
      () => this.toggle("drawing"),
      true,
    )
    this.erasing = button("Erase", "Draw with the colour of the paper (E)", () => this.toggle("erase"), true)
    this.back = button("Undo", "Take the last stroke back (U)", () => this.undo())
    this.again = button("Redo", "Bring it again (Shift + U)", () => this.redo())
    this.wipe = button("Clear", "Clear the pad; Undo brings it back", () => this.clear())
    this.keys = element(
      "div",
      {
        class: "zt-rec-keys",
        tabIndex: 0,
        role: "application",
        "aria-label": HELP,
        onkeydown: (event) => this.key(event),
      },
      "Draw with keys",
    )
    this.keys.addEventListener("focus", () => this.mark(true))
    this.keys.addEventListener("blur", () => this.mark(false))
    const line = (...parts) => element("div", { class: "zt-rec-line" }, ...parts)
    const made = element(
      "div",
      {},
      line(this.drawing, this.erasing, labelled("width", this.width)),
      line(this.back, this.again, this.wipe, this.keys),
    )
    queueMicrotask(() => this.press())
    return made
  }

  toggle(what) {
    sourceState.pen[what] = !sourceState.pen[what]
    this.press()
  }

  press() {
    this.drawing.setAttribute("aria-pressed", sourceState.pen.drawing)
    this.erasing.setAttribute("aria-pressed", sourceState.pen.erase)
    this.back.disabled = !sourceState.strokes.length
    this.again.disabled = !sourceState.gone.length
    this.wipe.disabled = this.empty
  }

  // Strokes

  /** A pen that begins, moves through points, or ends. */
  pen(what, ...points) {
    if (what === "begin") this.begin(points[0])
    else if (what === "move") points.forEach((point) => this.draw(point))
    else this.end()
  }

  begin(point) {
    sourceState.gone = []
    sourceState.strokes.push({ width: sourceState.pen.width, erase: sourceState.pen.erase, points: [] })
    this.draw(point)
  }

  draw(point) {
    const stroke = sourceState.strokes[sourceState.strokes.length - 1]
    /** @type {[number, number]} */
    const next = [Math.round(point[0]), Math.round(point[1])]
    ink(this.canvas, stroke, stroke.points.at(-1) ?? next, next)
    stroke.points.push(next)
    this.on.changed()
  }

  end() {
    this.press()
    keep()
  }

  clear() {
    sourceState.strokes.push({ clear: true, points: [], width: 0, erase: false })
    sourceState.gone = []
    this.redone()
  }

  undo() {
    const stroke = sourceState.strokes.pop()
    if (stroke) sourceState.gone.push(stroke)
    this.redone()
  }

  redo() {
    const stroke = sourceState.gone.pop()
    if (stroke) sourceState.strokes.push(stroke)
    this.redone()
  }

  redone() {
    this.repaint()
    this.end()
    this.on.changed()
  }

  repaint() {
    const context = context2d(this.canvas)
    context.fillStyle = "#000"
    context.fillRect(0, 0, SIDE, SIDE)
    for (const stroke of visible(sourceState.strokes))
      stroke.points.forEach((point, i) => ink(this.canvas, stroke, stroke.points[Math.max(0, i - 1)], point))
  }

  // Keys

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key === "Tab") return
    event.stopPropagation()
    const arrow = ARROWS[event.key]
    if (arrow) this.walk(arrow, event.shiftKey ? 4 : 1)
    else if (event.key === " " && !event.repeat) this.dip()
    else if (event.key === "+" || event.key === "-") this.widen(event.key === "+" ? 4 : -4)
    else if (event.key === "e") this.toggle("erase")
    else if (event.key === "u") this.undo()
    else if (event.key === "U") this.redo()
    else return
    event.preventDefault()
  }

  walk([across, down], times) {
    this.at = [clamp(this.at[0] + across * STEP * times, 0, SIDE), clamp(this.at[1] + down * STEP * times, 0, SIDE)]
    if (this.down) this.draw(this.at)
    this.mark(true)
  }

  dip() {
    this.down = !this.down
    if (this.down) this.begin(this.at)
    else this.end()
    this.mark(true)
  }

  widen(by) {
    sourceState.pen.width = clamp(sourceState.pen.width + by, 8, 96)
    this.width.value = sourceState.pen.width
    this.mark(true)
  }

  /** Show where the keyboard's pen is; lift it where the keys go elsewhere. */
  mark(on) {
    if (!on && this.down) this.dip()
    this.cursor.hidden = !on
    const percent = (value) => `${(100 * value) / SIDE}%`
    Object.assign(this.cursor.style, {
      left: percent(this.at[0]),
      top: percent(this.at[1]),
      width: percent(sourceState.pen.width),
      height: percent(sourceState.pen.width),
    })
    this.cursor.classList.toggle("zt-rec-down", this.down)
    this.keys.textContent = on
      ? this.down
        ? "Pen is down: Space lifts it"
        : "Pen is up: Space puts it down"
      : "Draw with keys"
  }
}

/** The strokes since the pad was last cleared. */
const visible = (strokes) => strokes.slice(strokes.findLastIndex(({ clear }) => clear) + 1)

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Pick<import("./sourceState.js").Stroke, "width" | "erase">} pen
 * @param {[number, number]} from
 * @param {[number, number]} to
 */
function ink(canvas, { width, erase }, from, to) {
  const context = context2d(canvas)
  Object.assign(context, {
    strokeStyle: erase ? "#000" : "#fff",
    lineWidth: width,
    lineCap: "round",
    lineJoin: "round",
  })
  context.beginPath()
  context.moveTo(...from)
  context.lineTo(...to)
  context.stroke()
}

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(visible(sourceState.strokes)))
  } catch {
    // storage is denied or full: the drawing lives as long as the page
  }
}

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]")
  } catch {
    return []
  }
}

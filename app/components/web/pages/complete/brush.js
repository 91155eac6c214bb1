// The brush: a finger, a mouse or the cursor keys hide parts of the picture, or uncover them.

import { completionState, lay, mask } from "./completionState.js"

export class Brush {
  /**
   * `on.begun()` hears that a stroke begins, `on.changed()` of each new part of it, `on.ended()` of its end,
   * `on.pointed(pixel)` of a pointer or cursor over the board; `on.paints()` tells whether strokes are wanted.
   */
  constructor(board, on) {
    this.board = board
    this.on = on
    this.grip = null
    this.cursor = null
    this.card = null
    const { canvas } = board
    canvas.addEventListener("pointerdown", (event) => this.press(event))
    canvas.addEventListener("pointermove", (event) => this.move(event))
    canvas.addEventListener("pointerleave", () => this.grip || this.on.pointed(null))
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => this.release(event))
    canvas.addEventListener("blur", () => this.set(null))
    canvas.addEventListener("keydown", (event) => this.key(event))
  }

  press(event) {
    if (event.button) return
    const pixel = this.board.pixel(event, this.card.shape)
    this.on.pointed(pixel)
    if (!this.on.paints()) return
    event.preventDefault()
    this.board.canvas.focus({ preventScroll: true })
    this.board.canvas.setPointerCapture(event.pointerId)
    this.grip = event.pointerId
    this.begin()
    this.to(pixel)
  }

  move(event) {
    const pixel = this.board.pixel(event, this.card.shape)
    this.on.pointed(pixel)
    if (event.pointerId !== this.grip) return
    const events = event.getCoalescedEvents?.() ?? []
    for (const each of events.length ? events : [event]) this.to(this.board.pixel(each, this.card.shape))
  }

  release(event) {
    if (event.pointerId !== this.grip) return
    this.grip = null
    this.on.ended()
  }

  begin() {
    lay(this.card.shape, mask(this.card.shape).slice())
    this.last = null
    this.on.begun()
  }

  /** Paint from the last pixel to this one. */
  to(pixel, erase = completionState.brush.erase) {
    const [, , width] = this.card.shape
    const from = this.last ?? pixel
    const [across, down] = [(pixel % width) - (from % width), Math.floor(pixel / width) - Math.floor(from / width)]
    const steps = Math.max(1, Math.abs(across), Math.abs(down))
    for (let step = 0; step <= steps; step++)
      this.dab((from % width) + (across * step) / steps, Math.floor(from / width) + (down * step) / steps, erase)
    this.last = pixel
    this.on.changed()
  }

  dab(column, row, erase) {
    const [, height, width] = this.card.shape
    const hidden = mask(this.card.shape)
    const radius = completionState.brush.radius + 0.4
    for (let down = Math.max(0, Math.ceil(row - radius)); down <= Math.min(height - 1, row + radius); down++) {
      for (
        let right = Math.max(0, Math.ceil(column - radius));
        right <= Math.min(width - 1, column + radius);
        right++
      ) {
        if (Math.hypot(right - column, down - row) <= radius) hidden[down * width + right] = erase ? 0 : 1
      }
    }
  }

  // Keys, while the board has the focus

  /** Whether the arrow keys are for the cursor. */
  get focused() {
    return document.activeElement === this.board.canvas
  }

  set(cursor) {
    this.cursor = cursor
    this.on.pointed(cursor)
  }

  walk(across, down) {
    const [, height, width] = this.card.shape
    const middle = Math.floor(height / 2) * width + Math.floor(width / 2)
    if (this.cursor === null) return this.set(middle)
    const column = Math.max(0, Math.min(width - 1, (this.cursor % width) + across))
    const row = Math.max(0, Math.min(height - 1, Math.floor(this.cursor / width) + down))
    this.set(row * width + column)
  }

  key(event) {
    if (event.key !== "Enter" || this.cursor === null || !this.on.paints()) return
    event.preventDefault()
    this.begin()
    this.to(this.cursor, event.shiftKey)
    this.on.ended()
  }
}

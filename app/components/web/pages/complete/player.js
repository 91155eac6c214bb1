// Time: shows one hidden pixel after the other, and asks the engine for more before they run out.

import { telling } from "../../core/slot.js"
import { SPEEDS, completionState } from "./completionState.js"

const AHEAD = 0.6 // seconds for which pixels are to be known ahead
const SPAN = 220 // milliseconds that a request may take at full speed, so that a picture grows visibly
const MOST = 8 // rows of a request

export class Player {
  /**
   * `on.shown()` hears that another pixel is shown or known, `on.state()` of play and pause, `on.trouble(sentence)`.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, on) {
    this.on = on
    this.drawing = null
    this.playing = false
    this.goal = 0
    this.time = 0
    this.budget = 0
    this.due = 0
    this.rows = 1
    this.asked = false
    this.slot = channel.slot("complete")
  }

  /** Take up another drawing, at rest. */
  open(drawing) {
    this.slot.drop()
    this.asked = false
    this.drawing = drawing
    this.goal = drawing.shown
    this.set(false)
    this.wake()
  }

  get speed() {
    return SPEEDS[completionState.speed]
  }

  set(playing) {
    this.playing = playing
    this.on.state()
  }

  toggle() {
    if (this.playing) return this.pause()
    if (this.drawing.done) this.seek(0)
    this.time = 0
    this.goal = this.drawing.total
    this.set(true)
    this.wake()
  }

  pause() {
    this.goal = this.drawing.shown
    this.set(false)
  }

  /** Go to a number of hidden pixels at once; those that are not known yet are drawn first. */
  seek(count) {
    this.set(false)
    this.goal = Math.max(0, Math.min(count, this.drawing.total))
    if (this.goal < this.drawing.shown) this.drawing.show(this.goal)
    this.on.shown()
    this.wake()
  }

  step(by) {
    this.seek((this.playing ? this.drawing.shown : this.goal) + by)
  }

  /** To the end of the row that is drawn, or back to its beginning. */
  row(by) {
    const { drawing } = this
    const row = (count) => Math.floor(drawing.order[count] / drawing.width)
    let count = this.playing ? drawing.shown : this.goal
    if (by < 0) count -= 1
    const from = row(Math.max(0, Math.min(count, drawing.total - 1)))
    while (count >= 0 && count < drawing.total && row(count) === from) count += by
    this.seek(by < 0 ? count + 1 : count)
  }

  wake() {
    this.due ||= requestAnimationFrame((now) => this.tick(now))
  }

  tick(now) {
    this.due = 0
    const { drawing, playing } = this
    const passed = this.time ? Math.min(0.25, (now - this.time) / 1000) : 0
    this.time = now
    const before = drawing.shown
    const paced = playing && this.speed < Infinity
    if (paced) this.budget = Math.min(Math.max(1, 0.2 * this.speed), this.budget + passed * this.speed)
    const step = Math.min(paced ? Math.floor(this.budget) : Infinity, this.goal - before, drawing.ready - before)
    if (step > 0) drawing.show(before + step)
    if (paced) this.budget -= Math.max(0, step)
    if (playing && drawing.done) this.set(false)
    if (step > 0) this.on.shown()
    this.more()
    if (drawing.shown < this.goal && (this.playing || drawing.ready > drawing.shown)) this.wake()
  }

  /** Ask for more, if pixels are wanted beyond those known. */
  more() {
    const { drawing } = this
    const ahead = this.playing && this.speed < Infinity ? drawing.shown + Math.ceil(this.speed * AHEAD) : this.goal
    const wanted = Math.min(drawing.total, Math.max(1, ahead, this.playing ? 0 : this.goal + 1))
    if (this.asked || drawing.ready >= wanted) return
    const rows = this.speed === Infinity || this.goal - drawing.ready > 2 * drawing.width ? this.rows : 1
    const stretch = drawing.stretch(rows)
    if (!stretch) return
    const since = performance.now()
    this.asked = true
    this.slot
      .askAll([drawing.ask(stretch)])
      .then(({ results: [result] }) => this.take(drawing, stretch, result, since))
      .catch(telling((sentence) => this.fail(sentence)))
  }

  take(drawing, stretch, result, since) {
    this.asked = false
    const rows = (stretch.last - stretch.first) / drawing.width
    const each = (performance.now() - since) / rows
    this.rows = Math.max(1, Math.min(MOST, Math.round(SPAN / each)))
    drawing.take(result, stretch)
    this.on.shown()
    this.wake()
  }

  fail(sentence) {
    this.asked = false
    this.pause()
    this.on.trouble(sentence)
  }

  /** The engine is back: go on where it stopped. */
  again() {
    this.asked = false
    this.slot.drop()
    this.wake()
  }

  close() {
    cancelAnimationFrame(this.due)
  }
}

// How the view moves: at once under a hand, and over a few live pictures where no hand leads.

import { reducedMotion } from "../../ui/element.js"

const GLIDE = 260 // milliseconds from one picture to the next
const STEP = 1 / 60 // of an axis' range, for one press of an arrow

export class Motion {
  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
    this.gliding = 0
    this.goal = null
    this.seed = null
    this.painting = 0
  }

  /** Have the view decoded, and put everything else where it is at the next screen refresh. */
  show(since) {
    const { picture, view, recorder } = this.explorer
    picture.show(view, since)
    recorder.note(view)
    this.painting ||= requestAnimationFrame(() => this.paint())
  }

  paint() {
    const { plane, axes, directions, bookmarks, commands } = this.explorer
    this.painting = 0
    commands.paint()
    plane.move()
    axes.move()
    directions.move()
    bookmarks.move()
  }

  /** Follow a hand, but on axes of a frozen level. */
  drag(axes, values, since) {
    const { view, levels, persistence } = this.explorer
    const free = axes.filter((axis) => !levels.holds(axis))
    if (!free.length) return
    this.halt()
    axes.forEach((axis, i) => free.includes(axis) && view.set(axis, values[i]))
    view.active = free.includes(view.active) ? view.active : free[0]
    this.show(since)
    persistence.soon()
  }

  /** Go to a latent over a few live pictures, so that an eye can follow; `seed` is the one that made it, if one did. */
  glide(z, active = this.explorer.view.active, seed = null) {
    const { view } = this.explorer
    this.explorer.settleSoon.flush()
    this.halt()
    view.active = active
    Object.assign(this, { goal: z, seed })
    const from = [...view.z]
    const start = performance.now()
    const step = (now) => {
      const time = reducedMotion() ? 1 : Math.min(1, Math.max(0, (now - start) / GLIDE))
      const ease = time * time * (3 - 2 * time)
      view.replace(time === 1 ? z : z.map((value, axis) => from[axis] + ease * (value - from[axis])))
      if (seed !== null) view.claim(seed) // from the start, so that the field does not blink
      this.show(now)
      this.gliding = time < 1 ? requestAnimationFrame(step) : 0
      if (time === 1) this.explorer.settled()
    }
    this.gliding = requestAnimationFrame(step)
  }

  /** Where the view is going, or where it is. */
  aim() {
    return [...(this.gliding ? this.goal : this.explorer.view.z)]
  }

  /** End a glide where it leads. */
  arrive() {
    if (!this.gliding) return
    this.halt()
    this.explorer.view.replace(this.goal)
    if (this.seed !== null) this.explorer.view.claim(this.seed)
    this.explorer.settled()
  }

  halt() {
    cancelAnimationFrame(this.gliding)
    this.gliding = 0
  }

  /** A press of an arrow: along the focused slider, else over the plane. */
  arrow(dx, dy, tenfold, since) {
    const { view, card, axes, directions, help } = this.explorer
    if (!view || help.open) return
    const slider = axes.focused()
    const step = STEP * (tenfold ? 10 : 1)
    if (directions.arrow((dx + dy) * step, since)) return this.explorer.settleSoon()
    /** @type {[axis: number, by: number][]} */
    const moves =
      slider === null
        ? [
            [view.axes[0], dx],
            [view.axes[1], dy],
          ]
        : [[slider, dx + dy]]
    const moved = moves.filter(([, by]) => by)
    const along = ([axis, by]) => view.z[axis] + by * step * (card.axes[axis].high - card.axes[axis].low)
    this.drag(
      moved.map(([axis]) => axis),
      moved.map(along),
      since,
    )
    this.explorer.settleSoon()
  }

  close() {
    this.halt()
    cancelAnimationFrame(this.painting)
  }
}

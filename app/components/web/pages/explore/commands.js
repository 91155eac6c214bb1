// What the buttons below the picture do to the view.

import { telling } from "../../core/slot.js"
import { fits, same } from "../../latent/view.js"

const NUDGE = 0.25 // of an axis' deviation in the data

export class Commands {
  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
    this.typing = false
    this.base = null
    this.draws = explorer.channel.slot("draw")
  }

  /** Show the seed that made the picture, if one did, and the truncation; what is being typed stays. */
  paint() {
    const { parts, view } = this.explorer
    if (!this.typing) parts.seed.value = view.seed ?? ""
    parts.truncation.value = view.truncation
    parts.truncationValue.textContent = view.truncation.toFixed(2)
  }

  /** Take the seed that was typed. */
  take() {
    const { parts, toasts, levels, card } = this.explorer
    const [text, seed] = [parts.seed.value, Number(parts.seed.value)]
    this.typing = false
    if (text === "" || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
      toasts.say(`A seed is a whole number from 0 to ${2 ** 32 - 1}.`)
      return this.paint()
    }
    if (levels.free.length && levels.free.length < card.latent)
      toasts.say(`Seed ${seed} draws what is not frozen, so the whole picture is not the seed's.`)
    this.random(seed)
    if (!levels.free.length) this.paint()
  }

  /** Draw a latent from the prior, by seed; the server draws, so that a seed gives the same latent everywhere. */
  random(seed = anySeed(), glide = true) {
    const axes = this.free()
    if (axes.length) this.draw(seed, axes, glide)
  }

  /** Draw one level anew from the prior; the others stay. */
  resample(level) {
    this.draw(anySeed(), level.axes, true)
  }

  draw(seed, axes, glide) {
    const { view, card, toasts } = this.explorer
    const whole = axes.length === card.latent ? seed : null // of a part, no one seed makes the whole picture
    this.draws
      .ask({ verb: "latents", model: card.name, seeds: [seed], truncation: view.truncation })
      .then(({ results: [result] }) => view === this.explorer.view && this.drawn(result, axes, glide, whole))
      .catch(telling((sentence) => (toasts.say(sentence), this.paint())))
  }

  drawn({ payload }, axes, glide, seed) {
    const { view, motion } = this.explorer
    const drawn = new Float32Array(payload)
    const z = this.aimed(axes, (axis) => drawn[axis])
    if (glide) return motion.glide(z, undefined, seed)
    motion.halt()
    view.replace(z)
    view.claim(seed)
    motion.show()
    this.explorer.settleSoon()
  }

  /** Truncate what is shown: a seed's latent is drawn again, any other is scaled about the middle. */
  truncate(since) {
    const { parts, view, levels, card, motion } = this.explorer
    const before = view.truncation
    view.truncation = Number(parts.truncation.value)
    motion.arrive()
    if (view.seed !== null && levels.free.length === card.latent) this.random(view.seed, false)
    else this.scale(before, since)
    this.paint()
  }

  /** Scale what is not frozen about the middle, from where the slider began, so that the way there and back is one. */
  scale(before, since) {
    const { view, card, motion } = this.explorer
    const axes = this.free()
    if (!axes.length) return
    if (!this.base || this.base.shown.some((value, axis) => value !== view.z[axis]))
      this.base = { z: [...view.z], truncation: before || 1 }
    const { z, truncation } = this.base
    const factor = view.truncation / truncation
    motion.drag(
      axes,
      axes.map((axis) => card.middle[axis] + factor * (z[axis] - card.middle[axis])),
      since,
    )
    this.base.shown = [...view.z]
  }

  /** Put seed and truncation as they were kept; the seed only where the picture is the one that was kept with it. */
  restore({ model, z, y, seed, truncation }) {
    const { view, card } = this.explorer
    if (Number.isFinite(truncation)) view.truncation = truncation
    if (Number.isInteger(seed) && model === card.name && fits({ z, y }, card) && same({ z, y }, view)) view.claim(seed)
    this.paint()
  }

  nudge() {
    const { card, motion } = this.explorer
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    const step = (axis) => NUDGE * Math.max(0.2, card.axes[axis].deviation) * normal()
    motion.glide(this.aimed(this.free(), (axis, value) => value + step(axis)))
  }

  /** Where the view is, or is going, with some of its axes elsewhere. */
  aimed(axes, value) {
    const z = this.explorer.motion.aim()
    for (const axis of axes) z[axis] = value(axis, z[axis])
    return z
  }

  /** The axes of the levels that are not frozen; where there are none, say so. */
  free() {
    const { levels, toasts } = this.explorer
    const thaw = { text: "Unfreeze all", act: () => levels.thaw() }
    if (!levels.free.length) toasts.say("Every level is frozen, so nothing moves.", 8000, thaw)
    return levels.free
  }

  /** Go to something that was shown before: a step of the history, or a bookmark. */
  visit({ z, y, seed, truncation }) {
    const { view, motion, captions } = this.explorer
    if (Number.isFinite(truncation)) view.truncation = truncation
    if (y !== view.y) this.explorer.unwritten = true
    view.y = y
    motion.glide(z, undefined, seed)
    captions.buttons()
  }

  travel(by) {
    this.explorer.settleSoon.flush() // what is shown now is a step too,
    this.explorer.motion.arrive() // and so is what a glide leads to
    const found = this.explorer.view.step(by)
    if (!found) return
    this.explorer.unwritten = true
    this.visit(found)
  }

  reset() {
    const { motion, card, view } = this.explorer
    const axes = this.free()
    this.draws.drop() // a draw that is still to come was asked for before
    const whole = axes.length === card.latent
    if (whole) view.truncation = card.first.truncation
    motion.glide(
      this.aimed(axes, (axis) => card.home.z[axis]),
      undefined,
      whole ? card.first.seed : null,
    )
  }

  choose(y) {
    this.explorer.view.y = y
    this.explorer.motion.show()
    this.explorer.settled()
  }

  activate(axis) {
    const { view, axes, picture } = this.explorer
    if (view.active === axis) return
    view.active = axis
    axes.move()
    if (picture.heating) picture.show(view)
  }

  jump(axis, value) {
    const { levels, motion } = this.explorer
    if (!levels.holds(axis))
      motion.glide(
        this.aimed([axis], () => value),
        axis,
      )
  }

  turnPlane() {
    const { parts, view, plane, captions, toasts } = this.explorer
    const [a, b] = [Number(parts.across.value), Number(parts.up.value)]
    if (a === b) return toasts.say("The plane needs two different axes.")
    view.axes = [a, b]
    view.chosenAxes = true
    this.explorer.unwritten = true
    plane.paint()
    plane.move()
    captions.held()
    this.explorer.settled()
  }
}

const anySeed = () => Math.floor(Math.random() * 10000)

// What the buttons below the picture do to the view.

const NUDGE = 0.25 // of an axis' deviation in the data

export class Gestures {
  constructor(explorer) {
    this.explorer = explorer
    this.draws = explorer.channel.slot("draw", (answer) => this.drawn(answer), (sentence) => explorer.notice.say(sentence))
  }

  /** Draw a latent from the prior, by seed; the server draws, so that a seed gives the same latent everywhere. */
  random(seed = anySeed(), glide = true) {
    const { parts, notice } = this.explorer
    const number = Number(seed)
    if (seed === "" || !Number.isInteger(number) || number < 0 || number >= 2 ** 32) {
      return notice.say("A seed is a whole number from 0 to 4294967295.")
    }
    const axes = this.free()
    if (!axes.length) return
    parts.seed.value = number
    this.draw(number, axes, glide)
  }

  /** Draw one level anew from the prior; the others stay. */
  resample(level) {
    this.explorer.parts.seed.value = "" // no one seed makes the whole picture any longer
    this.draw(anySeed(), level.axes, true)
  }

  draw(seed, axes, glide) {
    const { parts, card } = this.explorer
    this.draws.ask({ verb: "draw", model: card.name, seeds: [seed], truncation: Number(parts.truncation.value) }, null, { axes, glide })
  }

  drawn({ panels: [{ model, payload }], note: { axes, glide } }) {
    const { card, view, motion } = this.explorer
    if (model !== card.name) return
    const drawn = new Float32Array(payload)
    const z = this.aimed(axes, (axis) => drawn[axis])
    if (glide) return motion.glide(z)
    motion.halt()
    view.replace(z)
    motion.show()
    this.explorer.settleSoon()
  }

  truncate() {
    const { parts } = this.explorer
    parts.truncationValue.textContent = Number(parts.truncation.value).toFixed(2)
    if (parts.seed.value !== "") this.random(parts.seed.value, false)
  }

  /** Put seed and truncation as they were kept. */
  restore({ model, seed, truncation }) {
    const { parts, card } = this.explorer
    if (model === card.name) parts.seed.value = seed
    parts.truncation.value = truncation
    parts.truncationValue.textContent = Number(parts.truncation.value).toFixed(2)
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
    const { levels, notice } = this.explorer
    const thaw = { text: "Unfreeze all", act: () => levels.thaw() }
    if (!levels.free.length) notice.say("Every level is frozen, so nothing moves.", 8000, thaw)
    return levels.free
  }

  /** Go to something that was shown before: a step of the history, or a bookmark. */
  visit({ z, y }) {
    const { view, motion, captions } = this.explorer
    if (y !== view.y) this.explorer.unwritten = true
    view.y = y
    motion.glide(z)
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
    const { motion, card } = this.explorer
    motion.glide(this.aimed(this.free(), (axis) => card.home[axis]))
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
    if (!levels.holds(axis)) motion.glide(this.aimed([axis], () => value), axis)
  }

  turnPlane() {
    const { parts, view, plane, captions, notice } = this.explorer
    const [a, b] = [Number(parts.across.value), Number(parts.up.value)]
    if (a === b) return notice.say("The plane needs two different axes.")
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

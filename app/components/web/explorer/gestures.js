// What the buttons below the picture do to the view.

const NUDGE = 0.25 // of an axis' deviation in the data

export class Gestures {
  constructor(explorer) {
    this.explorer = explorer
    this.draws = explorer.channel.slot("draw", (answer) => this.drawn(answer), (sentence) => explorer.notice.say(sentence))
  }

  /** Draw a latent from the prior, by seed; the server draws, so that a seed gives the same latent everywhere. */
  random(seed = Math.floor(Math.random() * 10000), glide = true) {
    const { parts, card, notice } = this.explorer
    const number = Number(seed)
    if (seed === "" || !Number.isInteger(number) || number < 0 || number >= 2 ** 32) {
      return notice.say("A seed is a whole number from 0 to 4294967295.")
    }
    parts.seed.value = number
    this.draws.ask({ verb: "draw", model: card.name, seeds: [number], truncation: Number(parts.truncation.value) }, null, glide)
  }

  drawn({ panels: [{ model, payload }], note: glide }) {
    const { card, view, motion } = this.explorer
    if (model !== card.name) return
    const z = [...new Float32Array(payload)]
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
    const { view, card, motion } = this.explorer
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    motion.glide(view.z.map((value, axis) => value + NUDGE * Math.max(0.2, card.axes[axis].deviation) * normal()))
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
    this.explorer.settleSoon.flush() // what is shown now is a step too
    const found = this.explorer.view.step(by)
    if (!found) return
    this.explorer.unwritten = true
    this.visit(found)
  }

  reset() {
    this.explorer.motion.glide(this.explorer.card.home)
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
    const { view, motion } = this.explorer
    motion.glide(view.z.map((old, other) => (other === axis ? value : old)), axis)
  }

  turnPlane() {
    const { parts, view, plane, notice } = this.explorer
    const [a, b] = [Number(parts.across.value), Number(parts.up.value)]
    if (a === b) return notice.say("The plane needs two different axes.")
    view.axes = [a, b]
    view.chosenAxes = true
    this.explorer.unwritten = true
    plane.paint()
    plane.move()
    this.explorer.settled()
  }
}

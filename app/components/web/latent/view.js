// The view: which latent, class and plane axes are shown, and the way back through what was shown before.

const STEPS = 200 // remembered

/** Four digits make a link short and still give back the very same picture, because the view itself holds no more. */
export const round = (value) => Math.round(value * 1e4) / 1e4 || 0

export class View {
  constructor(card, given) {
    this.card = card
    this.z = []
    this.seed = null
    this.truncation = 1
    this.place(given)
    this.active = this.axes[0]
    this.past = [this.snapshot()]
    this.at = 0
  }

  /** Put the view where something else says: a link, or what was kept. */
  place({ z, y, axes }) {
    const there = z.map(round)
    if (there.some((value, axis) => value !== this.z[axis])) this.seed = null
    this.z = there
    this.y = y ?? null
    this.chosenAxes = axes !== null && axes !== undefined
    this.axes = axes ?? planeAxes(this.card)
  }

  set(axis, value) {
    const { low, high } = this.card.axes[axis]
    const [middle, half] = [(low + high) / 2, (this.card.reach * (high - low)) / 2]
    const there = round(Math.min(Math.max(value, middle - half), middle + half))
    if (there !== this.z[axis]) this.seed = null
    this.z[axis] = there
  }

  /** Say which seed made this latent, all of it, at the view's truncation; null where none did. Moving it ends that. */
  claim(seed) {
    this.seed = Number.isInteger(seed) ? seed : null
  }

  /** Whether the latent is the one that the model opens with. */
  get atHome() {
    return this.card.home.z.every((value, axis) => round(value) === this.z[axis])
  }

  /** Whether everything is as the model opens, so that nothing of it is a person's choice. */
  get untouched() {
    const { home, first } = this.card
    return this.atHome && this.y === home.y && this.truncation === first.truncation
  }

  /** At home, take the seed and the truncation of the draw that it is. */
  settleIn() {
    if (!this.atHome || this.seed !== null) return
    this.truncation = this.card.first.truncation
    this.claim(this.card.first.seed)
    this.past[this.at] = this.snapshot()
  }

  replace(z) {
    z.forEach((value, axis) => this.set(axis, value))
  }

  snapshot() {
    return { z: [...this.z], y: this.y, seed: this.seed, truncation: this.truncation }
  }

  /** Remember what is shown; false where nothing has changed since. */
  keep() {
    const now = this.snapshot()
    if (same(now, this.past[this.at])) {
      this.past[this.at] = now // its seed may have become known
      return false
    }
    this.past = [...this.past.slice(Math.max(0, this.at + 1 - STEPS), this.at + 1), now]
    this.at = this.past.length - 1
    return true
  }

  /** The view `by` steps away in what was shown, or null at either end. */
  step(by) {
    const found = this.past[this.at + by]
    if (!found) return null
    this.at += by
    return found
  }

  /** Put what was shown before this page was loaded before what has been shown since. */
  remember(past, at) {
    const joined = same(past[at], this.past[0])
    if (joined && this.past.length === 1) return Object.assign(this, { past, at })
    const since = joined ? this.past.slice(1) : this.past
    const undone = this.past.length - 1 - this.at
    this.past = [...past.slice(0, at + 1), ...since]
    this.at = this.past.length - 1 - undone
  }

  /** What the address carries, as strings. */
  query() {
    const query = { model: this.card.name, z: this.z.join(",") }
    if (this.y !== null) query.y = String(this.y)
    if (this.chosenAxes) query.axes = this.axes.join(",")
    return query
  }
}

export const same = (one, other) => one.y === other.y && one.z.every((value, axis) => value === other.z[axis])

/** Whether a snapshot that was kept somewhere fits the model. */
export function fits(snapshot, card) {
  const { z, y } = snapshot ?? {}
  const classes = card.classes.length
  const known = classes ? Number.isInteger(y) && y >= 0 && y < classes : y === null
  return known && Array.isArray(z) && z.length === card.latent && z.every(Number.isFinite)
}

/** Axes, those that say most about a picture first: by KL where there is one, else by how many pixels they move. */
export function strongest(card) {
  const order = card.axes.map((_, axis) => axis)
  const weight = (axis) => card.axes[axis].kl ?? card.axes[axis].spread
  return order.sort((a, b) => weight(b) - weight(a))
}

/** Two axes have their places, as on paper; of more, the plane takes the strongest. */
function planeAxes(card) {
  if (card.latent < 3) return [0, card.latent - 1]
  return strongest(card).slice(0, 2)
}

export function axisName(card, names, axis) {
  return names[axis] || card.axes[axis].name || ownName(card, axis)
}

/** What an axis is called that nobody has named: by its place in the latent, or in its level. */
export function ownName(card, axis) {
  const level = card.levels.find(({ axes }) => axes.includes(axis))
  return level ? `${level.name}[${level.axes.indexOf(axis)}]` : `z${axis}`
}

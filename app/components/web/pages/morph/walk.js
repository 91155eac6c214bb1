// The path that is shown: its keys, how it goes from one to the next, and the path that follows from both.

import { round } from "../../latent/view.js"
import { Path } from "../../latent/path.js"

export const SETTINGS = { way: "spherical", easing: "keys", pace: "time", loop: true, seconds: 6, fps: 30 }

export class Walk {
  constructor(card) {
    this.card = card
    this.keys = []
    this.settings = { ...SETTINGS }
  }

  /** A key: a latent, a class where the model has classes, and where both come from. */
  static key(z, y, origin) {
    return { z: Array.from(z, round), y, origin: { kind: "latent", seed: null, truncation: null, name: "", ...origin } }
  }

  /** Something has changed: the path is another. */
  changed() {
    this.path = this.ready
      ? new Path(
          this.keys.map(({ z }) => z),
          this.settings,
        )
      : null
  }

  get ready() {
    return this.keys.length > 1
  }

  /** Whether the keys are those that the model opens with. */
  get untouched() {
    const { keys, truncation } = this.card.first
    const own = ({ origin: { seed, truncation: by } }, place) => seed === keys[place] && by === truncation
    return keys.length > 1 && this.keys.length === keys.length && this.keys.every(own)
  }

  get frames() {
    return Math.max(2, Math.round(this.settings.seconds * this.settings.fps))
  }

  move(from, to) {
    const [key] = this.keys.splice(from, 1)
    this.keys.splice(to, 0, key)
  }

  /** The class that is shown at a time; null where the model has none. */
  y(time) {
    return this.card.classes.length ? this.keys[this.path?.nearest(time) ?? 0].y : null
  }

  /** The path as its file holds it. */
  toFile() {
    const { card, keys, settings } = this
    return {
      format: 1,
      model: card.name,
      weights: card.weights,
      ...settings,
      keys: keys.map(({ z, y, origin }) => ({ z, y, origin })),
    }
  }

  /** Take a path that was kept or opened. */
  take({ keys, way, easing, pace, loop, seconds, fps }) {
    this.keys = keys.map(({ z, y, origin }) => ({ z, y, origin }))
    this.settings = { way, easing, pace, loop, seconds, fps }
  }
}

/** What a key is called under its picture. */
export function caption({ origin: { kind, seed, name } }) {
  if (kind === "seed") return `seed ${seed}`
  return name || kind
}

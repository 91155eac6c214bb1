// Pictures that are drawn pixel by pixel: what is known of them, and up to which pixel they are shown.
//
// The engine keeps nothing: it is asked for stretches of whole rows, each given all that is known so far. So a drawing
// comes out the same however it is stepped, stopped or run, and what is known already can be gone back to.

export class Drawing {
  /** Draw into `base`, bytes height × width × channels, where `hidden`; once for each of the seeds. */
  constructor(card, base, hidden, seeds, y) {
    const [channels, height, width] = card.shape
    this.card = card
    this.hidden = hidden
    this.seeds = seeds
    this.y = y
    this.channels = channels
    this.height = height
    this.width = width
    this.size = height * width
    const blank = base.map((byte, at) => (hidden[Math.floor(at / channels)] ? 0 : byte))
    this.pictures = seeds.map(() => blank.slice())
    this.order = [...hidden.keys()].filter((pixel) => hidden[pixel]) // hidden pixels, in the order of drawing
    this.at = 0
    this.known = 0
    this.chances = new Map()
    this.model = 0
    // What 256 levels of many values weigh is sent for one picture at a time only.
    this.tells = seeds.length * channels * card.levels <= 1024
  }

  get total() {
    return this.order.length
  }

  /** How many hidden pixels are shown, and how many are known. */
  get shown() {
    return this.before(this.at)
  }

  get ready() {
    return this.before(this.known)
  }

  get done() {
    return this.shown === this.total
  }

  /** The hidden pixel that was drawn last, or undefined. */
  get current() {
    return this.order[this.shown - 1]
  }

  /** How many hidden pixels come before a pixel. */
  before(pixel) {
    let [low, high] = [0, this.order.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.order[middle] < pixel) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Show so many hidden pixels, at most those that are known. */
  show(count) {
    const shown = Math.max(0, Math.min(count, this.ready))
    this.at = shown === this.total ? this.size : shown ? this.order[shown - 1] + 1 : 0
  }

  /** The next stretch to ask for: so many rows in which there is something to draw; null where all is known. */
  stretch(rows) {
    const next = this.order[this.ready]
    if (next === undefined) return null
    const last = Math.min(this.size, (Math.floor(next / this.width) + rows) * this.width)
    return { first: Math.max(this.known, next - (next % this.width)), last }
  }

  /** What asks for a stretch: an operation, and its rows. */
  ask({ first, last }) {
    const { card, seeds, y, pictures, hidden } = this
    /** @type {import("../core/verbs.js").Operation} */
    const operation = {
      verb: "complete",
      model: card.name,
      rows: seeds.length,
      seed: seeds,
      first,
      last,
      y: y ?? undefined,
      terms: this.tells,
    }
    return { operation, rows: [...pictures, ...seeds.map(() => hidden)] }
  }

  take({ payload, chances, ms }, { first, last }) {
    const length = this.size * this.channels
    this.pictures = this.seeds.map((_, i) => new Uint8Array(payload, i * length, length))
    this.known = last
    this.model += ms.model
    if (!chances) return
    const levels = this.channels * this.card.levels
    for (let pixel = first; pixel < last; pixel++) {
      const of = (i) =>
        chances.subarray(
          (i * (last - first) + pixel - first) * levels,
          (i * (last - first) + pixel - first + 1) * levels,
        )
      if (this.hidden[pixel])
        this.chances.set(
          pixel,
          this.seeds.map((_, i) => of(i)),
        )
    }
  }

  /** The values of a pixel of a picture, and the chances that each channel's levels had, where they were told. */
  told(pixel, picture) {
    const values = this.pictures[picture].subarray(pixel * this.channels, (pixel + 1) * this.channels)
    const all = this.chances.get(pixel)?.[picture]
    const { levels } = this.card
    const chances = all && Array.from(values, (_, channel) => all.subarray(channel * levels, (channel + 1) * levels))
    return { values, chances }
  }
}

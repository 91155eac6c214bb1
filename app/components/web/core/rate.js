// How many bytes a second this network brings, so that the server can choose how to pack a large answer.

const LARGE = 48 << 10 // bytes; a smaller answer tells how long a trip takes, but not how wide the road is
const REMEMBERED = 5

export class Rate {
  constructor() {
    this.trip = Infinity
    this.rates = []
  }

  /**
   * Note an answer of so many bytes that spent so many milliseconds neither in the queue, the model nor the encoder.
   */
  note(bytes, milliseconds) {
    if (bytes < LARGE) return (this.trip = Math.min(this.trip, milliseconds))
    const road = Math.max(0.5, milliseconds - (Number.isFinite(this.trip) ? this.trip : 0))
    this.rates = [...this.rates.slice(1 - REMEMBERED), (1000 * bytes) / road]
  }

  /** Bytes a second, the median of the last few; undefined until a large answer has come. */
  get value() {
    if (!this.rates.length) return undefined
    const sorted = [...this.rates].sort((a, b) => a - b)
    return Math.round(sorted[sorted.length >> 1])
  }
}

// A path through many key latents, as engine/latent/path.py walks it; tests hold the two to one result.

const PIECES = 64 // straight pieces by which the length of a segment is measured

const same = (time) => time
const smooth = (time) => time * time * (3 - 2 * time)
const EASINGS = { steady: [same, same], ends: [smooth, same], keys: [same, smooth] }

const dot = (a, b) => a.reduce((sum, value, axis) => sum + value * b[axis], 0)
export const norm = (z) => Math.sqrt(dot(z, z))

const linear = (a, b, t) => a.map((value, axis) => (1 - t) * value + t * b[axis])

function spherical(a, b, t) {
  const cosine = dot(a, b) / Math.max(norm(a) * norm(b), 1e-12)
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)))
  if (Math.sin(angle) < 1e-4) return linear(a, b, t)
  const [from, to] = [Math.sin((1 - t) * angle), Math.sin(t * angle)]
  return a.map((value, axis) => (from * value + to * b[axis]) / Math.sin(angle))
}

function normPreserving(a, b, t) {
  const line = linear(a, b, t)
  const length = norm(line)
  const wanted = (1 - t) * norm(a) + t * norm(b)
  return length > 1e-6 ? line.map((value) => value * (wanted / length)) : line
}

export const INTERPOLATIONS = { linear, spherical, "norm-preserving": normPreserving }

export class Path {
  /** Through keys, lists of numbers; `loop` goes on from the last to the first. */
  constructor(keys, { way = "spherical", easing = "keys", pace = "time", loop = false } = {}) {
    const exact = keys.map((z) => Array.from(Float32Array.from(z)))
    this.keys = exact
    this.walk = INTERPOLATIONS[way]
    this.easing = EASINGS[easing]
    this.loop = loop
    this.segments = loop ? keys.length : keys.length - 1
    this.ends = this.measure(pace)
  }

  measure(pace) {
    const length = (segment) => {
      const points = Array.from({ length: PIECES + 1 }, (_, i) => this.on(segment, i / PIECES))
      return points
        .slice(1)
        .reduce((sum, point, i) => sum + norm(point.map((value, axis) => value - points[i][axis])), 0)
    }
    let lengths = Array.from({ length: this.segments }, (_, segment) => (pace === "length" ? length(segment) : 1))
    if (!(lengths.reduce((sum, one) => sum + one, 0) > 0)) lengths = lengths.map(() => 1)
    const total = lengths.reduce((sum, one) => sum + one, 0)
    let passed = 0
    const ends = lengths.map((one) => (passed += one) / total)
    ends[ends.length - 1] = 1
    return ends
  }

  on(segment, along) {
    return this.walk(this.keys[segment], this.keys[(segment + 1) % this.keys.length], along)
  }

  /** The segment of a time in [0, 1], and how far along it, 0 to 1. */
  place(time) {
    const [whole, each] = this.easing
    const passed = whole(time)
    const found = this.ends.findIndex((end) => end > passed)
    const segment = found < 0 ? this.segments - 1 : found
    const start = segment ? this.ends[segment - 1] : 0
    const span = this.ends[segment] - start
    return { segment, along: each(span > 0 ? Math.min(1, Math.max(0, (passed - start) / span)) : 0) }
  }

  /** The latent at a time in [0, 1], float32. */
  at(time) {
    const { segment, along } = this.place(time)
    return Float32Array.from(this.on(segment, along))
  }

  /** The key that lies nearer on the segment of a time: whose class a picture there has. */
  nearest(time) {
    const { segment, along } = this.place(time)
    return (segment + (along >= 0.5 ? 1 : 0)) % this.keys.length
  }

  /** When a key is passed, in [0, 1]; by bisection where the whole path is eased. */
  timeOf(key) {
    const passed = key ? this.ends[key - 1] : 0
    let [low, high] = [0, 1]
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2
      if (this.easing[0](middle) < passed) low = middle
      else high = middle
    }
    return key ? high : 0
  }
}

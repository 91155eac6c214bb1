// A recorded gesture made thin: a few latents at equal times, between which a straight path stays close to the hand.

import { round } from "../../latent/view.js"

const CLOSE = 0.01 // how far a path may lie from the hand: a part of the axes' ranges
const MOST = 40 // keys, so that a strip of them stays usable
const NUMBERS = 2300 // of all keys together, so that Morph can keep them
const SHORTEST = 0.5 // seconds of a path

/**
 * The fewest keys, {z, y} each, by which a path that takes equal time for each leg follows samples, {at, z, y} with
 * `at` in milliseconds, never falling; and the seconds it takes. `axes` have low and high. Equal times keep the pace of
 * the hand: where it lingered, keys lie close together.
 */
export function thinned(all, axes) {
  // Of several in one tick of the clock the last one counts
  const samples = all.filter((sample, i) => sample.at !== all[i + 1]?.at)
  const length = samples.at(-1).at - samples[0].at
  const seconds = Math.max(SHORTEST, Math.round(length / 100) / 10)
  const most = Math.max(2, Math.min(MOST, Math.floor(NUMBERS / axes.length)))
  for (let count = 2; ; count++) {
    const keys = Array.from({ length: count }, (_, i) =>
      at(samples, samples.at(-1).at - (length * (count - 1 - i)) / (count - 1)),
    )
    if (
      count >= most ||
      samples.every((sample) => apart(sample, on(keys, (sample.at - samples[0].at) / (length || 1)), axes) < CLOSE)
    )
      return { keys, seconds }
  }
}

/** Where the hand was at a time. */
function at(samples, time) {
  const next = samples.findIndex((sample) => sample.at >= time)
  if (next <= 0) return { z: [...samples.at(next).z], y: samples.at(next).y }
  const [a, b] = [samples[next - 1], samples[next]]
  return { z: between(a.z, b.z, (time - a.at) / (b.at - a.at)).map(round), y: (time === b.at ? b : a).y }
}

/** Where the path is at a part of its time. */
function on(keys, part) {
  const place = part * (keys.length - 1)
  const leg = Math.min(keys.length - 2, Math.floor(place))
  return between(keys[leg].z, keys[leg + 1].z, place - leg)
}

const between = (a, b, t) => a.map((value, axis) => value + t * (b[axis] - value))
const apart = ({ z }, other, axes) =>
  Math.hypot(...z.map((value, axis) => (value - other[axis]) / (axes[axis].high - axes[axis].low)))

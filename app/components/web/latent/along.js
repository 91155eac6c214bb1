// A latent moved along a direction: {vector of length one, mean, deviation}. What is held stays where it is.

const dot = (one, other) => one.reduce((sum, part, axis) => sum + part * other[axis], 0)

/** Where a latent lies along a direction, in deviations from the mean. */
export const placeOf = ({ vector, mean, deviation }, z) => (dot(vector, z) - mean) / deviation

/** Move a latent, in place, until it lies at `value` along a direction; only on axes for which `free` has a 1. */
export function moveTo(direction, z, value, free) {
  const { vector, deviation } = direction
  const step = ((value - placeOf(direction, z)) * deviation) / freedom(direction, free)
  vector.forEach((part, axis) => (z[axis] += step * part * free[axis]))
}

/** How much of a direction lies on free axes, 0 to 1. */
export const freedom = ({ vector }, free) => vector.reduce((sum, part, axis) => sum + part * part * free[axis], 0)

/** The direction from the mean of some latents to that of others, and how long the way is; null where there is none. */
export function between(from, to, card) {
  const [start, end] = [meanOf(from), meanOf(to)]
  const way = end.map((value, axis) => value - start[axis])
  const length = Math.hypot(...way)
  if (!(length > 1e-3)) return null
  const vector = way.map((part) => Number((part / length).toFixed(5)))
  const deviation = Math.hypot(...vector.map((part, axis) => part * card.axes[axis].deviation)) || 1
  const mean = dot(vector, card.middle)
  return { vector, mean, deviation, length: length / deviation }
}

const meanOf = (latents) => latents[0].map((_, axis) => latents.reduce((sum, z) => sum + z[axis], 0) / latents.length)

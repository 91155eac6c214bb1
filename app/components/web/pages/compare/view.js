// What Compare shows, as plain values: which models in which order, which seeds, how many. It outlives a change of
// page.

export const SEEDS = 2 ** 32
export const COUNTS = [1, 4, 9, 16, 25, 36, 64] // samples to a wall: fewer are larger
export const PANELS = 16 // of one message, as app/server/websocket.py says

export const ALL = -1 // in the place of a class: all of them in turn, as models draw that know no classes

export const view = {
  version: 0,
  models: /** @type {string[]} */ ([]),
  start: 1,
  list: /** @type {number[] | null} */ (null),
  n: 36,
  t: 1,
  y: ALL,
  cell: 0,
  soft: true,
  asked: "",
}

/** The seeds of the cells, one by one. */
export function seeds() {
  if (view.list) return view.list
  return Array.from({ length: view.n }, (_, i) => (view.start + i) % SEEDS)
}

/** The classes of the cells of a model that knows some: all in turn by seed, as its figures were measured, or one. */
export function classesOf({ classes }) {
  if (!classes.length) return undefined
  return view.y === ALL ? seeds().map((seed) => seed % classes.length) : Math.min(view.y, classes.length - 1)
}

/** How the seeds are written in the bar and in the address. */
export const written = () => (view.list ? view.list.join(", ") : String(view.start))

/** Take seeds as people write them: 100, 100-163, or 3, 5, 8. Gives a sentence where they cannot be read. */
export function takeSeeds(text) {
  const parts = text
    .trim()
    .split(/[\s,;]+/)
    .filter(Boolean)
  const range = /^(\d+)\s*[-–…]\s*(\d+)$/.exec(text.trim())
  const numbers = range
    ? [Number(range[1]), Number(range[2])]
    : parts.map((part) => (/^\d+$/.test(part) ? Number(part) : NaN))
  if (!numbers.length || numbers.some((seed) => !(seed < SEEDS)))
    return (
      `“${text.trim().slice(0, 40)}” is no seed. Write a whole number below 2^32, a range as 100-163, or a ` +
      "list as 3, 5, 8."
    )
  if (range && (numbers[1] < numbers[0] || numbers[1] - numbers[0] >= 64))
    return "A range of seeds rises and holds at most 64, as in 100-163."
  if (parts.length > 64) return "A list of seeds holds at most 64."
  if (range)
    Object.assign(view, {
      start: numbers[0],
      list: Array.from({ length: numbers[1] - numbers[0] + 1 }, (_, i) => numbers[0] + i),
    })
  else if (numbers.length === 1) Object.assign(view, { start: numbers[0], list: null })
  else Object.assign(view, { start: numbers[0], list: numbers })
  return ""
}

/** The address that leads back here, as app/views/compare.py reads it. */
export function query() {
  return {
    models: view.models.join(","),
    seed: view.list ? view.list.join(",") : String(view.start),
    n: String(view.n),
    t: String(view.t),
    y: String(view.y),
  }
}

export const letter = (i) => String.fromCharCode(65 + (i % 26)) + (i < 26 ? "" : Math.floor(i / 26))

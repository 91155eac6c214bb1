// What Compare shows: which models in which order, which seeds, how many. It outlives a change of page.

import { stateOf } from "../../core/state.js"
import rows from "./state.json" with { type: "json" }

export const SEEDS = 2 ** 32
export const COUNTS = [1, 4, 9, 16, 25, 36, 64] // samples to a wall: fewer are larger

export const ALL = -1 // in the place of a class: all of them in turn, as models draw that know no classes

export const view = stateOf("compare", rows)

/** Whether the seeds are a list of their own, and not those that follow a first one. */
export const listed = () => view.seed.length > 1

/** The seeds of the cells, one by one. */
export function seeds() {
  if (listed()) return view.seed
  return Array.from({ length: view.n }, (_, i) => (view.seed[0] + i) % SEEDS)
}

/** The classes of the cells of a model that knows some: all in turn by seed, as its figures were measured, or one. */
export function classesOf({ classes }) {
  if (!classes.length) return undefined
  return view.y === ALL ? seeds().map((seed) => seed % classes.length) : Math.min(view.y, classes.length - 1)
}

/** How the seeds are written in the bar. */
export const written = () => view.seed.join(", ")

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
  view.seed = range ? Array.from({ length: numbers[1] - numbers[0] + 1 }, (_, i) => numbers[0] + i) : numbers
  return ""
}

export const letter = (i) => String.fromCharCode(65 + (i % 26)) + (i < 26 ? "" : Math.floor(i / 26))

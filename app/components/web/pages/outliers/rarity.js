// How rare a picture is among a model's own test pictures, and how often a row of such pictures holds one as rare.

import { percent, place, written } from "./scores.js"
import { Readings } from "./readings.js"

const PERCENTS = 100 // what a card holds of its test pictures where it does not say how many there were
export const RARE = 0.05 // of rows of a model's own pictures: a picture as rare as this is marked

/**
 * The chance of a picture of a model's own to be at least as rare: never less than one in all those that were scored,
 * and one.
 */
export const chance = (part, count = PERCENTS) => (1 + count * (1 - part)) / (count + 1)

/**
 * For each of several chances how many rows hold, beside those that are rarer still, one as rare: Holm's steps with
 * Šidák's bounds.
 */
export function inRows(chances) {
  const found = Array(chances.length)
  let most = 0
  const order = chances.map((_, i) => i).sort((a, b) => chances[a] - chances[b])
  order.forEach((at, step) => {
    most = Math.max(most, -Math.expm1((chances.length - step) * Math.log1p(-chances[at])))
    found[at] = most
  })
  return found
}

/**
 * What is known of each picture by a score: {part, rows}, null where it has not been read or there is nothing to
 * compare with.
 */
export function rarities(name, pictures, card) {
  const parts = pictures.map((picture) => place(name, Readings.of(picture, card), card))
  const known = parts.flatMap((part, i) => (part === null ? [] : [i]))
  const rows = inRows(known.map((i) => chance(parts[i], card.measured.count || undefined)))
  const found = parts.map(() => null)
  known.forEach((i, at) => (found[i] = { part: parts[i], rows: rows[at] }))
  return found
}

/** "rarer than 99.2 % of …", "rarer than any of …" */
export function rarer(part, of) {
  if (part >= 1) return `rarer than any of ${of}`
  return `rarer than ${percent(part, part >= 0.99 ? 1 : 0)} % of ${of}`
}

/** The test pictures of a model, counted where its card does so. */
export const tested = ({ measured: { count } }) => (count ? `its ${written(count)} test pictures` : "its test pictures")

/**
 * How many rows hold one as rare; of a picture that is rarer than all that were scored no more is known than a bound.
 */
export function often({ part, rows }) {
  return `${part >= 1 ? "at most " : ""}${percent(rows, rows < 0.001 ? 2 : rows < 0.1 ? 1 : 0)} %`
}

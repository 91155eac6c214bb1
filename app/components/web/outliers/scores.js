// The scores, as engine/outliers.py has them: higher is more of an outlier.
//
// A reading holds `nats`: log p(x) or its bound; `bits` of the picture's file; `background`: log p(x) of the background
// model, or null; and of the model `values`, those of a picture that a density is over, and `mean` of −log p(x).

import { rank } from "../reconstruct/measure.js"

export const SCORES = {
  likelihood: ({ nats }) => -nats,
  ratio: ({ nats, background }) => (background === null ? null : background - nats),
  complexity: ({ nats, bits }, { values }) => -nats / Math.LN2 + 8 * values - bits,
  typicality: ({ nats }, { measured }) => (measured ? Math.abs(-nats - measured.mean) : null),
}
export const KEPT = 0.95 // part of its own test pictures that a model does not refuse

/** The score of a reading, null where it cannot be had. */
export const score = (name, reading, card) => (reading ? SCORES[name](reading, card) : null)

/** The part, 0 to 1, of a model's own test pictures that are less of an outlier; null where it was not measured. */
export function place(name, reading, card) {
  const [value, own] = [score(name, reading, card), card.measured?.own[name]]
  return value === null || !own ? null : rank(value, own)
}

export const area = (name, card) => card.metrics[`AUROC, ${name}`] ?? null

/** The score that tells its outliers best, where they were measured. */
export function best(card) {
  const names = Object.keys(SCORES).filter((name) => area(name, card))
  return names.sort((a, b) => area(b, card).value - area(a, card).value)[0] ?? null
}

export const percent = (part, digits = 0) => {
  const text = (100 * part).toFixed(digits)
  if (part < 1 && Number(text) === 100) return digits < 2 ? percent(part, digits + 1) : "over 99.99"
  return text
}

/** Part of its own test pictures, in words. */
export const further = (part) => (part >= 1 ? "all" : `${percent(part)} %`)

export function amount(value, unit) {
  if (value === null) return "–"
  if (!Number.isFinite(value)) return "beyond measure"
  return `${written(value, Math.abs(value) < 100 ? 1 : 0)} ${unit}`
}

/** A number as people write it: 12,345 and −3.2. */
export function written(value, digits = 0) {
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−")
}

/** What share of one unit of mass each of some pictures gets: exp of log p(x), made to sum to one. */
export function shares(nats) {
  const most = Math.max(...nats)
  if (!Number.isFinite(most)) return nats.map(() => 0)
  const mass = nats.map((each) => Math.exp(each - most))
  const all = mass.reduce((sum, each) => sum + each, 0)
  return mass.map((each) => each / all)
}

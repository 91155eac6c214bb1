// The scores, as engine/analysis/outliers.py has them: higher is more of an outlier.
//
// A reading holds `nats`: log p(x) or its bound; `bits` of the picture's file; `background`: log p(x) of the background
// model, or null; and of the model `values`, those of a picture that a density is over, and `mean` of −log p(x).

import { rank } from "../../pixels/measure.js"
import { state } from "./state.js"

export const SCORES = {
  likelihood: ({ nats }) => -nats,
  ratio: ({ nats, background }) => (background === null ? null : background - nats),
  complexity: ({ nats, bits }, { values }) => -nats / Math.LN2 + 8 * values - bits,
  typicality: ({ nats }, { measured }) => (measured ? Math.abs(-nats - measured.mean) : null),
  size: ({ bits }) => bits,
}
export const BASELINE = "size" // needs no model: too short a file is as odd as one that is too long
export const KEPT = 0.95 // part of its own test pictures that a model does not refuse, and where their tail begins

/** The score of a reading, null where it cannot be had. */
export const score = (name, reading, card) => (reading ? SCORES[name](reading, card) : null)

/** The part, 0 to 1, of a model's own test pictures that are less of an outlier; null where it was not measured. */
export function place(name, reading, card) {
  const [value, own] = [score(name, reading, card), card.measured?.own[name]]
  if (value === null || !own) return null
  const [part, tail] = [rank(value, own), card.measured.tail[name]]
  if (name === BASELINE) return Math.abs(2 * part - 1)
  return part > KEPT && tail ? KEPT + (1 - KEPT) * rank(value, tail) : part
}

/** The kind of strangers that a model is shown against, null where it was measured against none. */
export const against = ({ measured }) =>
  measured?.kinds.find(({ kind }) => kind === state.against) ?? measured?.kinds[0] ?? null

const metric = (name, kind) => kind?.metrics[name] ?? null
export const area = (name, kind) => metric(`AUROC, ${name}`, kind)
export const gain = (name, kind) => metric(`gain, ${name}`, kind)
export const refused = (name, kind) => metric(`outliers refused, ${name}`, kind)

/** The score of a model that tells strangers of a kind best, where they were measured. */
export const best = (kind) => most(kind, area)

/** The score by which a density refuses: of those that were measured the one that refuses most. */
export const rule = (kind) => most(kind, refused)

function most(kind, figure) {
  const names = Object.keys(SCORES).filter((name) => name !== BASELINE && figure(name, kind))
  return names.sort((a, b) => figure(b, kind).value - figure(a, kind).value)[0] ?? null
}

export const percent = (part, digits = 0) => {
  const text = (100 * part).toFixed(digits)
  if (part < 1 && Number(text) === 100) return digits < 2 ? percent(part, digits + 1) : "over 99.99"
  return text
}

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
  const highest = Math.max(...nats)
  if (!Number.isFinite(highest)) return nats.map(() => 0)
  const mass = nats.map((each) => Math.exp(each - highest))
  const all = mass.reduce((sum, each) => sum + each, 0)
  return mass.map((each) => each / all)
}

/** An area under a curve without its zero, and a difference of two with its sign: .989, +.420. */
export const short = (value) => value.toFixed(3).replace(/^0/, "")
export const signed = (value) => `${value < 0 ? "−" : "+"}${short(Math.abs(value))}`

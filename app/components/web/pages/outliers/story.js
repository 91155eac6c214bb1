// What the scores say, in plain words: which picture is rare, and what each score is worth against strangers of a kind.

import { element, heading } from "./parts.js"
import { RARE, often, rarer, rarities, tested } from "./rarity.js"
import { Readings } from "./readings.js"
import { BASELINE, against, area, best, gain, percent, score, signed } from "./scores.js"
import { letter, pictures, state } from "./state.js"

/**
 * Which picture of the row is the rarest by the chosen score, and how often a row holds one as rare by chance alone.
 */
export function verdict(card, words) {
  const all = pictures()
  if (!all.length) return "Lay pictures into the row: the model says how rare each of them is among its own."
  const values = all.map((picture) => score(state.score, Readings.of(picture, card), card))
  if (values.every((value) => value === null)) return unread(card)
  const by = `By ${words.title.toLowerCase()}`
  const found = rarities(state.score, all, card)
  if (found.every((each) => !each))
    return (
      `${by} picture ${letter(values.indexOf(Math.max(...values.filter((value) => value !== null))))} is ` +
      "the strangest; the model has no test pictures to compare it with."
    )
  const known = found.flatMap((rarity, i) => (rarity ? [{ ...rarity, letter: letter(i), value: values[i] }] : []))
  const order = known.sort((a, b) => a.rows - b.rows || b.value - a.value)
  return sentences(by, order, card)
}

function sentences(by, [first, ...others], card) {
  const row = others.length
    ? `Of rows of ${others.length + 1} such test pictures ${often(first)} hold one as rare`
    : `Of such test pictures ${often(first)} are as rare`
  const what = `${rarer(first.part, tested(card))} of ${card.pictures}`
  if (first.rows > RARE)
    return `${by} nothing here is out of the ordinary: picture ${first.letter}, the rarest, is ${what}. ${row}.`
  const also = others
    .filter(({ rows }) => rows <= RARE)
    .map(({ letter: of }) => of)
    .sort()
  const more = also.length ? ` ${listed(also)} ${also.length === 1 ? "stands" : "stand"} out as well.` : ""
  return `${by} picture ${first.letter} stands out: ${what}. ${row}.${more}`
}

const listed = (names) => (names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`)

const unread = (card) =>
  state.score === "ratio" && !card.background
    ? `${card.title} has no background model here, so no ratio. Choose another score.`
    : "The model reads the pictures…"

/**
 * The story of a model that was measured: whether raw likelihood fails it, what works, and what that adds to no model
 * at all.
 */
export function story(host, card, words) {
  const kind = against(card)
  const [raw, name] = [area("likelihood", kind), best(kind)]
  host.hidden = !raw
  if (!raw) return
  const fails = raw.interval ? raw.interval[1] < 0.5 : raw.value < 0.5
  const title = fails ? "Raw likelihood fails" : "Raw likelihood does not fail here"
  host.classList.toggle("zt-out-failure", fails)
  host.replaceChildren(
    heading(title, `${card.title}, ${card.exact ? "exact" : "a bound"}`),
    ...[(fails ? failure : fine)(card, kind, raw), works(kind, name, words), worth(kind, name, words)]
      .filter(Boolean)
      .map((text) => element("p", {}, text)),
  )
}

function failure(card, kind, raw) {
  const known = card.exact ? "exact likelihood" : "bound on the likelihood"
  return (
    `This model learnt from ${card.pictures} alone. Show it a picture of ${kind.pictures}, which it never ` +
    `saw, beside one of ${card.pictures}: in ${percent(1 - raw.value, 1)} % of such pairs it finds the ` +
    `stranger the likelier of the two. Its ${known} is not wrong. It says how likely these very pixels ` +
    "are, and a picture of few strokes on even ground is cheap under any model that has learnt about even " +
    "ground."
  )
}

function fine(card, kind, raw) {
  const told =
    `Shown one picture of ${kind.pictures} beside one of ${card.pictures}, raw likelihood finds the ` +
    `stranger the less likely in ${percent(raw.value, 1)} % of pairs`
  if (raw.interval && raw.interval[0] <= 0.5) return `${told}: no better than a coin, as far as was measured.`
  return (
    `${told}. That is no rule: a density charges for detail, so that strangers which are plainer than its ` +
    "own pictures come out likelier."
  )
}

function works(kind, name, words) {
  if (name === "likelihood") return "No other score of this model does better here."
  return `${words[name].title} is right in ${percent(area(name, kind).value, 1)} %: ${lower(words[name].text)}`
}

/** What the best score tells beyond the size of the file. */
function worth(kind, name, words) {
  const [size, more] = [area(BASELINE, kind), gain(name, kind)]
  if (!size || !more) return ""
  const [low, high] = more.interval
  const range = `${signed(more.value)}, 95 % from ${signed(low)} to ${signed(high)}`
  const alone = `Without any model, the size of the file alone is right in ${percent(size.value, 1)} % of pairs.`
  const title = words[name].title.toLowerCase()
  if (low > 0) return `${alone} What the model adds to that by ${title}: ${range} of the area under the curve.`
  return high < 0
    ? `${alone} By ${title} the model adds nothing to that: it is worse (${range}).`
    : `${alone} That the model adds anything to it by ${title} was not shown (${range}).`
}

const lower = (text) => text[0].toLowerCase() + text.slice(1)

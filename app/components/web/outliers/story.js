// What the scores say, in plain words: which picture stands out, and the famous failure where a model shows it.

import { element, heading } from "./parts.js"
import { Readings } from "./readings.js"
import { KEPT, area, best, further, percent, place, score } from "./scores.js"
import { letter, pictures, state } from "./state.js"

/** One sentence: which picture of the row belongs least, by the chosen score. */
export function verdict(card, words) {
  const read = pictures().map((picture, i) => ({ letter: letter(i), value: score(state.score, Readings.of(picture, card), card), part: place(state.score, Readings.of(picture, card), card) }))
  const known = read.filter(({ value }) => value !== null)
  if (!read.length) return "Lay pictures into the row: the model says which of them does not belong."
  if (!known.length) return state.score === "ratio" && !card.background ? `${card.title} has no background model here, so no ratio. Choose another score.` : "The model reads the pictures…"
  const first = known.reduce((most, each) => (each.value > most.value ? each : most))
  const by = `By ${words.title.toLowerCase()}`
  if (first.part === null) return `${by} picture ${first.letter} belongs least.`
  const out = known.filter(({ part }) => part >= KEPT).map(({ letter: of }) => of)
  if (!out.length) return `${by} every picture may belong among ${card.pictures}: none is stranger than ${KEPT * 100} % of its test pictures.`
  const who = out.length === 1 ? `picture ${out[0]} does not belong` : `pictures ${out.slice(0, -1).join(", ")} and ${out.at(-1)} do not belong`
  const far = `stranger than ${further(first.part)} of its test pictures`
  return out.length === 1 ? `${by} ${who} among ${card.pictures}: it is ${far}.` : `${by} ${who} among ${card.pictures}; ${first.letter} belongs least: ${far}.`
}

/** The story of a model that was measured: whether raw likelihood fails it, and what works. */
export function story(host, card, words) {
  const [raw, name] = [area("likelihood", card), best(card)]
  host.hidden = !raw
  if (!raw) return
  const other = card.measured?.pictures ?? "the others"
  const fails = raw.value < 0.5
  const works = area(name, card)
  const kind = card.exact ? "exact likelihood" : "bound on the likelihood"
  const failure = [
    `This model learnt from ${card.pictures} alone. Show it a picture of ${other}, which it never saw, beside one of ${card.pictures}: in ${percent(1 - raw.value, 1)} % of such pairs it finds the stranger the likelier of the two. Its ${kind} is not wrong. It says how likely these very pixels are, and a picture of few strokes on even ground is cheap under any model that has learnt about even ground.`,
    `So likelihood alone does not say what belongs. ${words[name].title} does, in ${percent(works.value, 1)} % of pairs: ${lower(words[name].text)}`,
  ]
  const fine = [
    `Here raw likelihood is right in ${percent(raw.value, 1)} % of pairs: of one picture of ${other} and one of ${card.pictures} the stranger is the less likely. That is no rule: a density charges for detail, so that strangers which are plainer than its own pictures come out likelier.`,
    name === "likelihood" ? "No other score does better here." : `${words[name].title} is right in ${percent(works.value, 1)} %: ${lower(words[name].text)}`,
  ]
  const title = fails ? "Raw likelihood fails" : "Raw likelihood does not fail here"
  host.classList.toggle("zt-out-failure", fails)
  host.replaceChildren(heading(title, `${card.title}, ${card.exact ? "exact" : "a bound"}`), ...(fails ? failure : fine).map((text) => element("p", {}, text)))
}

const lower = (text) => text[0].toLowerCase() + text.slice(1)

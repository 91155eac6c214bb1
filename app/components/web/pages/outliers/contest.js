// Several pictures compete for one unit of probability: exp of log p(x), made to sum to one over those in the row.

import { bars, element, heading } from "./parts.js"
import { Readings } from "./readings.js"
import { percent, shares } from "./scores.js"
import { letter, pictures } from "./state.js"

export function contest(host, card) {
  const read = pictures().map((picture, i) => ({
    letter: letter(i),
    title: picture.title,
    reading: Readings.of(picture, card),
  }))
  const known = read.filter(({ reading }) => reading)
  host.hidden = known.length < 2
  if (host.hidden) return
  const nats = known.map(({ reading }) => reading.nats)
  const parts = shares(nats)
  const order = nats.map((value, i) => i).sort((a, b) => nats[b] - nats[a])
  const [first, second] = order
  const all = known.map(({ letter: of }, i) => ({
    name: of,
    part: parts[i],
    text: share(parts[i], nats[i] - nats[first]),
    strong: i === first,
  }))
  const by = card.exact ? "" : " (by its bound)"
  const text =
    `A model has one unit of probability for all pictures of ${card.shape[2]} × ${card.shape[1]} that can ` +
    `be: what one gets, the others lack. Of what falls on these ${known.length}${by}, ` +
    `${known[first].letter} takes ${percent(parts[first])} %: ${times(nats[first] - nats[second])} ` +
    `${known[second].letter}.`
  host.dataset.first = known[first].letter
  host.replaceChildren(
    heading("One unit of probability"),
    element("p", {}, text),
    bars(all, "Shares of the pictures in the row"),
  )
}

function share(part, behind) {
  if (part >= 0.0001) return `${percent(part, part < 0.1 ? 2 : 1)} %`
  return Number.isFinite(behind) ? `10${raised(Math.round(behind / Math.LN10))}` : "0"
}

/** How much more: in plain numbers as long as these can be grasped. */
function times(more) {
  if (!Number.isFinite(more)) return "beyond all measure more than"
  const factor = Math.exp(more)
  if (factor < 1.1) return "about as much as"
  return factor < 1000
    ? `${factor.toFixed(factor < 10 ? 1 : 0)} times as much as`
    : `10${raised(Math.round(more / Math.LN10))} times as much as`
}

const raised = (number) => [...String(number)].map((sign) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(sign)]).join("")

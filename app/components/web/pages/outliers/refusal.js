// A classifier has to answer; a density may refuse: the model that judges, or one of the same pictures that knows the
// likelihood of each class. Both are asked about one picture of the row.

import { telling } from "../../core/slot.js"
import { cut } from "../../source/crop.js"
import { bars, element, heading, picker } from "./parts.js"
import { rarer, tested } from "./rarity.js"
import { Readings } from "./readings.js"
import { KEPT, percent, place, refused, rule, shares } from "./scores.js"
import { judged, letter, pictures, state } from "./state.js"

export class Refusal {
  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(channel, host, words) {
    this.host = host
    this.words = words
    this.models = []
    this.judges = []
    this.chosen = null
    /** @type {{picture: any, judge: string, parts: number[], stale?: boolean} | null} */
    this.answer = null
    this.trouble = ""
    this.key = ""
    this.title = element("div")
    this.choice = element("div")
    this.two = element("div", { class: "zt-out-two" })
    this.says = element("p", { class: "zt-rec-trouble", role: "status" })
    host.replaceChildren(this.title, this.choice, this.two, this.says)
    this.readings = new Readings(channel, "outliers-refusal", {
      read: () => this.paint(this.chosen),
      failed: (sentence) => this.fail(sentence),
    })
    this.classifies = channel.slot("outliers-judge")
  }

  offer(models, judges) {
    Object.assign(this, { models, judges })
  }

  /**
   * The densities that may refuse beside the model that judges: those of each class of the same pictures, and itself.
   */
  get able() {
    const conditional = this.models.filter((card) => card.classes.length && card.data === this.chosen.data)
    conditional.sort((a, b) => Number(Boolean(b.measured)) - Number(Boolean(a.measured)) || b.exact - a.exact)
    return conditional.some(({ name }) => name === this.chosen.name) ? conditional : [...conditional, this.chosen]
  }

  /** The one that is asked: as a person chose it, else the first of those that were measured. */
  get card() {
    return (
      this.able.find(({ name }) => name === state.conditional) ??
      this.able.find(({ measured }) => measured) ??
      this.able[0]
    )
  }

  get judge() {
    const { chosen } = this
    return this.judges.find(({ data, shape }) => data === chosen.data && String(shape) === String(chosen.shape))
  }

  /** Have both answer about the picture that is asked about, beside the model that judges the row. */
  ask(chosen) {
    this.chosen = chosen
    const [picture, { card, judge }] = [judged(), this]
    this.trouble = ""
    if (picture && this.applies) {
      this.readings.ask([picture], card)
      if (judge) this.classify(picture, judge)
    }
    this.paint(chosen)
  }

  classify(picture, { name, shape }) {
    const seen = cut(picture, picture.crop, shape)
    this.classifies
      .ask({ verb: "classify", model: name, rows: 1 }, [seen])
      .then(({ results: [result] }) => this.take(result, picture, name, seen, shape))
      .catch(telling((sentence) => this.fail(sentence)))
  }

  take(result, picture, judge, seen, shape) {
    const stale = cut(picture, picture.crop, shape).some((byte, i) => byte !== seen[i])
    this.answer = { picture, judge, stale, parts: shares([...new Float32Array(result.payload)]) }
    this.paint(this.chosen)
  }

  fail(sentence) {
    this.trouble = sentence
    this.paint(this.chosen)
  }

  /** The picture on the desk may have changed: the classifier's answer is stale until the next. */
  doubt() {
    if (this.answer) this.answer.stale = true
  }

  /** Pictures that nobody sorts into classes need no answer, so there is nothing to refuse. */
  get applies() {
    return Boolean(this.judge || this.card.classes.length)
  }

  paint(chosen) {
    this.chosen = chosen
    const picture = judged()
    this.host.hidden = !picture || !this.applies
    if (this.host.hidden) return
    this.choose()
    this.title.replaceChildren(
      heading("One must answer, one may refuse", `about picture ${letter(pictures().indexOf(picture))}`),
    )
    this.two.replaceChildren(this.must(), this.may(picture))
    this.says.textContent = this.trouble
  }

  /** Offer the densities, where there are several; where they are those from before nothing changes under the hand. */
  choose() {
    const { able, card } = this
    const key = `${able.map(({ name }) => name).join()} ${card.name}`
    if (key === this.key) return
    this.key = key
    const pick = (name) => ((state.conditional = name), this.ask(this.chosen))
    this.choice.replaceChildren(
      ...(able.length > 1
        ? [picker("The density that may refuse", [[`Densities of ${card.pictures}`, able]], card.name, pick)]
        : []),
    )
  }

  must() {
    const { judge, answer, card } = this
    const stale = answer?.stale ? "zt-out-stale" : ""
    const side = (...inside) => element("div", { class: stale, "data-testid": "must-answer" }, ...inside)
    if (!judge)
      return side(
        element("h4", {}, "Must answer"),
        element("p", {}, `No classifier of ${card.pictures} is here that gives one answer.`),
      )
    const title = element("h4", {}, judge.title, element("small", {}, " must answer"))
    if (answer?.picture !== judged() || answer.judge !== judge.name) return side(title, element("p", {}, "is asked…"))
    const first = answer.parts.indexOf(Math.max(...answer.parts))
    const sure = element(
      "p",
      { class: "zt-out-answer" },
      `“${judge.labels[first]}”, ${percent(answer.parts[first], 1)} % sure`,
    )
    return side(
      title,
      sure,
      bars(classes(judge.labels, answer.parts), "Its probability of each class"),
      ...confidence(card),
    )
  }

  may(picture) {
    const { card } = this
    const reading = Readings.of(picture, card)
    const side = (...inside) =>
      element("div", { class: reading?.stale ? "zt-out-stale" : "", "data-testid": "may-refuse" }, ...inside)
    const title = element("h4", {}, card.title, element("small", {}, ` may refuse · ${card.exact ? "exact" : "bound"}`))
    if (!reading) return side(title, element("p", {}, "is asked…"))
    const by = rule(strangers(card))
    const part = by ? place(by, reading, card) : null
    const refuses = part !== null && part >= KEPT
    const answer = element(
      "p",
      { class: refuses ? "zt-out-answer zt-out-no" : "zt-out-answer" },
      refuses
        ? `Refuses: by ${this.words[by].title.toLowerCase()} it is ${rarer(part, tested(card))}`
        : accepts(card, reading, part),
    )
    const made = side(title, answer, ...posterior(card, reading), ...this.record(card, by))
    made.dataset.refuses = refuses
    return made
  }

  /** By which rule a density refuses, and how often, as its card says. */
  record(card, by) {
    if (!by)
      return [
        element(
          "p",
          {},
          `Not measured, so it refuses nothing: zoetrope-train evaluate ${card.name} --only outlier-scores refusal`,
        ),
      ]
    const kind = strangers(card)
    const { value, protocol } = refused(by, kind)
    return [
      element(
        "p",
        { class: "zt-out-about", title: protocol },
        `It refuses what is rarer than ${100 * KEPT} % of its own test pictures, by the score that ` +
          `refuses most: ${value.toFixed(1)} % of ${kind.pictures}, and ${(100 - 100 * KEPT).toFixed(0)} % ` +
          "of its own.",
      ),
    ]
  }
}

/** The strangers that refusal was measured with: the first kind of a card. */
const strangers = (card) => card.measured?.kinds[0]

function accepts(card, reading, part) {
  if (!reading.given.length)
    return part === null ? "Says nothing" : `Does not refuse: by its rule ${percent(1 - part)} % of its own are as rare`
  const parts = shares([...reading.given])
  return `“${card.classes[parts.indexOf(Math.max(...parts))]}”, ${percent(Math.max(...parts), 1)} %`
}

function posterior(card, reading) {
  if (!reading.given.length) return []
  const lines = classes(card.classes, shares([...reading.given]))
  return [
    bars(lines, "Posterior of each class by Bayes' rule"),
    element("p", {}, "Posterior by Bayes' rule, p(y|x) ∝ p(x|y), all classes being as likely."),
  ]
}

/** How sure the classifier is of strangers, where that was measured. */
function confidence({ measured }) {
  if (!measured?.confidence) return []
  const { value, protocol } = measured.confidence
  return [
    element(
      "p",
      { class: "zt-out-about", title: protocol },
      `Of ${measured.kinds[0].pictures} it is ${value.toFixed(1)} % sure on average.`,
    ),
  ]
}

function classes(names, parts) {
  const most = Math.max(...parts)
  return names.map((name, i) => ({
    name,
    part: parts[i],
    text: `${percent(parts[i], 1)} %`,
    strong: parts[i] === most,
  }))
}

// A classifier has to answer; a density of each class may refuse. Both are asked about one picture of the row.

import { cut } from "../reconstruct/crop.js"
import { bars, element, heading, picker } from "./parts.js"
import { Readings } from "./readings.js"
import { KEPT, further, percent, place, shares } from "./scores.js"
import { judged, letter, pictures, state } from "./state.js"

export class Refusal {
  constructor(channel, host, words) {
    Object.assign(this, { host, words, models: [], judges: [], answer: null, trouble: "", key: "" })
    this.title = element("div")
    this.choice = element("div")
    this.two = element("div", { class: "zt-out-two" })
    this.says = element("p", { class: "zt-rec-trouble", role: "status" })
    host.replaceChildren(this.title, this.choice, this.two, this.says)
    this.readings = new Readings(channel, "outliers-refusal", { read: () => this.paint(), failed: (sentence) => this.fail(sentence) })
    this.classifies = channel.slot("outliers-judge", (answer) => this.take(answer), (sentence) => this.fail(sentence))
  }

  offer(models, judges) {
    this.models = models.filter(({ classes }) => classes.length).sort((a, b) => Number(b.exact) - Number(a.exact))
    this.judges = judges
    const key = this.models.map(({ name }) => name).join()
    if (key === this.key) return
    this.key = key
    const choose = (name) => ((state.conditional = name), this.ask())
    this.choice.replaceChildren(...(this.models.length > 1 ? [picker("The density that may refuse", [["A likelihood for each class", this.models]], this.card.name, choose)] : []))
  }

  get card() {
    return this.models.find(({ name }) => name === state.conditional) ?? this.models[0]
  }

  get judge() {
    const { card } = this
    return this.judges.find(({ data, shape }) => data === card.data && String(shape) === String(card.shape))
  }

  /** Have both answer about the picture that is asked about. */
  ask() {
    const { card, judge } = this
    const picture = judged()
    if (!card || !picture) return this.paint()
    this.trouble = ""
    this.readings.ask([picture], card)
    if (judge) this.classifies.ask({ verb: "classify", model: judge.name, rows: 1 }, [cut(picture, picture.crop, judge.shape)], picture)
    this.paint()
  }

  take({ panels: [panel], note }) {
    if (panel.error) return this.fail(panel.error)
    this.answer = { picture: note, parts: shares([...new Float32Array(panel.payload)]) }
    this.paint()
  }

  fail(sentence) {
    this.trouble = sentence
    this.paint()
  }

  paint() {
    const { card, host } = this
    const picture = judged()
    host.hidden = !picture
    if (!picture) return
    this.title.replaceChildren(heading("One must answer, one may refuse", `about picture ${letter(pictures().indexOf(picture))}`))
    if (card) this.two.replaceChildren(this.must(), this.may(picture))
    else this.two.replaceChildren(element("p", {}, `No model here knows the likelihood of each class. ${trained("mnist-cvae")}`))
    this.says.textContent = this.trouble
  }

  must() {
    const { judge, answer } = this
    const side = (...inside) => element("div", { "data-testid": "must-answer" }, ...inside)
    if (!judge) return side(element("h4", {}, "Must answer"), element("p", {}, `No classifier of ${this.card.pictures} is here. ${trained(`${this.card.data}-classifier`)}`))
    const title = element("h4", {}, judge.title, element("small", {}, " must answer"))
    if (answer?.picture !== judged()) return side(title, element("p", {}, "is asked…"))
    const first = answer.parts.indexOf(Math.max(...answer.parts))
    const sure = element("p", { class: "zt-out-answer" }, `“${judge.labels[first]}”, ${percent(answer.parts[first], 1)} % sure`)
    return side(title, sure, bars(classes(judge.labels, answer.parts), "Its probability of each class"), figure(this.card, "classifier's confidence in outliers", (value) => `Of pictures of ${this.card.measured?.pictures} it is ${value} % sure on average.`))
  }

  may(picture) {
    const { card } = this
    const reading = Readings.of(picture, card)
    const side = (...inside) => element("div", { "data-testid": "may-refuse" }, ...inside)
    const title = element("h4", {}, card.title, element("small", {}, ` may refuse · ${card.exact ? "exact" : "bound"}`))
    if (!reading?.given.length) return side(title, element("p", {}, "is asked…"))
    const [parts, rule] = [shares([...reading.given]), ruleOf(card)]
    const part = rule ? place(rule, reading, card) : null
    const refuses = part !== null && part >= KEPT
    const answer = element("p", { class: refuses ? "zt-out-answer zt-out-no" : "zt-out-answer" }, refuses ? this.no(rule, part) : yes(card, parts))
    const how = element("p", {}, "Posterior by Bayes' rule, p(y|x) ∝ p(x|y), all classes being as likely.")
    const made = side(title, answer, bars(classes(card.classes, parts), "Posterior of each class by Bayes' rule"), how, record(card, rule))
    made.dataset.refuses = refuses
    return made
  }

  no(rule, part) {
    return `Refuses: by ${this.words[rule].title.toLowerCase()} it is stranger than ${further(part)} of its test pictures`
  }
}

const yes = ({ classes: names }, parts) => `“${names[parts.indexOf(Math.max(...parts))]}”, ${percent(Math.max(...parts), 1)} %`

/** How a model that is missing comes here. */
const trained = (recipe) => `Train one: zoetrope-train run ${recipe}, then zoetrope-train export ${recipe} ${recipe}.`

/** How often a density refuses others, as its card says. */
function record(card, rule) {
  if (rule) return figure(card, `outliers refused, ${rule}`, (value) => `It refuses ${value} % of pictures of ${card.measured.pictures}, and 5 % of its own.`)
  return element("p", {}, `Not measured, so it refuses nothing: zoetrope-train evaluate ${card.name} --only outlier-scores refusal`)
}

/** The score by which a density refuses: of those that were measured the one that refuses most. */
function ruleOf(card) {
  const refused = (name) => card.metrics[`outliers refused, ${name}`]?.value ?? 0
  return Object.keys(card.measured?.own ?? {}).sort((a, b) => refused(b) - refused(a))[0]
}

function classes(names, parts) {
  const most = Math.max(...parts)
  return names.map((name, i) => ({ name, part: parts[i], text: `${percent(parts[i], 1)} %`, strong: parts[i] === most }))
}

function figure(card, name, say) {
  const found = card.metrics[name]
  return element("p", { class: "zt-out-about", title: found?.protocol ?? "" }, found ? say(found.value.toFixed(1)) : "")
}

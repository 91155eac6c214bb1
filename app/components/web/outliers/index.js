// Outliers: a row of pictures, and what a model with a likelihood makes of them. Streamlit calls the default export at
// each data change.

import { Channel } from "../channel.js"
import { settle } from "../element.js"
import { listen } from "../compare/keys.js"
import { within } from "../reconstruct/crop.js"
import { Sources } from "../reconstruct/sources.js"
import { Stage } from "../reconstruct/stage.js"
import { Tools } from "../reconstruct/tools.js"
import { shown, work } from "../reconstruct/work.js"
import { Bar } from "./bar.js"
import { Charts } from "./charts.js"
import { contest } from "./contest.js"
import { Everyone } from "./everyone.js"
import { Loading } from "./loading.js"
import { button, element, layout } from "./parts.js"
import { Readings } from "./readings.js"
import { Refusal } from "./refusal.js"
import { Row } from "./row.js"
import { SCORES, best } from "./scores.js"
import { copied, desk, pictures, query } from "./state.js"
import { story, verdict } from "./story.js"

const REST = 220 // milliseconds without a change after which the hand counts as resting

const mounted = new WeakMap()

export default function (component, page) {
  const root = component.parentElement.querySelector('[data-part="outliers"]')
  let outliers = mounted.get(root)
  if (!outliers) {
    outliers = new Outliers(root, page, component.data)
    mounted.set(root, outliers)
  }
  outliers.update(component)
  const turn = ++outliers.turn
  return () => {
    if (outliers.turn !== turn) return
    mounted.delete(root)
    outliers.close()
  }
}

class Outliers {
  constructor(root, page, { words }) {
    Object.assign(this, { root, words, turn: 0, due: 0, models: [], reads: 0, parts: layout(root) })
    const { parts } = this
    this.notice = parts.notice
    this.channel = new Channel(page, { onLine: (state) => this.notice.line(state), onEngine: (state) => this.engine(state) })
    const [changed, cropped] = [() => this.changed(), (crop) => this.crop(crop)]
    const say = (sentence) => this.notice.say(sentence, 9000)
    this.say = say
    this.sources = new Sources(this.channel, parts, { laid: () => this.laid(), changed, cropped, refused: say })
    const pen = (...stroke) => this.sources.ways.draw.pen(...stroke)
    this.stage = new Stage(parts, { cropped, pen, draws: () => work.kind === "draw" && work.pen.drawing })
    this.tools = new Tools(parts.tools, shown, { cropped, say })
    this.loading = new Loading(this.channel, say)
    this.readings = new Readings(this.channel, "outliers-row", { read: (ms, trouble) => this.read(ms, trouble), failed: (sentence) => this.fail(sentence) })
    this.row = new Row(parts.row, { judge: (at) => this.judge(at), remove: (at) => this.remove(at) })
    this.charts = new Charts(parts.charts, words, { choose: (name) => this.choose(name) })
    this.refusal = new Refusal(this.channel, parts.refusal, words)
    this.everyone = new Everyone(this.channel, parts.everyone, words)
    this.bar = new Bar(parts.bar, words, { judge: (name) => this.ask(name), choose: (name) => this.choose(name) })
    this.keep = button("Keep in the row", "Let the picture on the desk stay in the row, and go on with another (K)", () => this.add())
    parts.tools.prepend(element("div", { class: "zt-rec-line" }, this.keep))
    this.settle = settle(() => this.settled(), REST)
    this.deaf = listen(root, { k: () => this.add(), ...Object.fromEntries(Object.keys(SCORES).map((name, i) => [String(i + 1), () => this.choose(name)])) })
    this.resizing = new ResizeObserver(() => shown() && this.stage.paint(shown()))
    this.resizing.observe(parts.stage)
  }

  // Streamlit

  update({ data, setStateValue }) {
    this.setStateValue = setStateValue
    this.most = data.most
    this.offer(data.models)
    this.loading.offer(data.bundled, data.painters)
    this.refusal.offer(data.models, data.judges)
    this.everyone.offer(data.models)
    this.sources.ways.sample.offer(data.painters)
    this.sources.ways.shelf.offer(data.bundled)
    this.sources.ways.upload.take(data.upload, data.picture)
    this.begin(data)
  }

  offer(models) {
    this.models = models
    if (!models.some(({ name }) => name === desk.model)) desk.model = models[0].name
    this.bar.offer(models)
  }

  get card() {
    return this.models.find(({ name }) => name === desk.model)
  }

  /** Lay out what an address asks for; else what lay there; else what the model begins with. */
  async begin({ asked, notices }) {
    if (asked.number > desk.asked) {
      const { row, desk: one } = asked
      Object.assign(desk, { asked: asked.number, model: asked.model, judged: -1 })
      desk.score = asked.score ?? best(this.card) ?? desk.score
      if (notices.length) this.say(notices.join(" "))
      this.begun = true
      this.bar.press()
      if (row || one) desk.touched = true
      return row || one ? this.open({ row: row ?? [], desk: one ?? null }) : desk.touched ? this.sources.choose(work.kind) : this.open(this.loading.start(this.card))
    }
    if (this.begun) return
    this.begun = true
    this.sources.choose(work.kind ?? "shelf")
  }

  /** Lay pictures into the row and on the desk, by their sources. */
  async open({ row, desk: one }) {
    desk.row = await this.loading.all(row)
    if (one) return this.sources.follow(one)
    work.kind ??= "shelf"
    this.sources.mark()
    this.laid()
  }

  /** Let another model judge; a row that nobody has chosen becomes one of its kind. */
  ask(name) {
    const before = this.card
    desk.model = name
    if (!desk.touched && this.card.data !== before.data) return this.open(this.loading.start(this.card))
    this.changed()
  }

  choose(score) {
    desk.score = score
    this.bar.press()
    this.paint()
    this.write()
  }

  write() {
    const told = query()
    if (JSON.stringify(told) === this.written) return
    this.written = JSON.stringify(told)
    this.setStateValue("view", told)
  }

  // The row

  add() {
    if (!shown()) return this.say("There is no picture on the desk yet. Choose one under Pictures.")
    if (desk.row.length >= this.most) return this.say(`The row holds ${this.most} pictures beside the one on the desk. Take one out first (×).`)
    desk.row.push(copied(shown()))
    desk.touched = true
    this.changed()
  }

  remove(at) {
    desk.row.splice(at, 1)
    desk.touched = true
    if (desk.judged === at) desk.judged = -1
    else if (desk.judged > at) desk.judged--
    this.changed()
    this.row.focus(at)
  }

  judge(at) {
    desk.judged = at
    this.paint()
    this.refusal.ask()
  }

  // The desk

  /** Another picture lies on the desk. */
  laid() {
    const source = shown()
    this.parts.stage.classList.toggle("zt-rec-blank", !source)
    this.parts.note.textContent = source ? "" : "No picture lies here yet. Choose or bring one."
    if (!source) return this.changed()
    if (work.kind === "upload") this.sources.ways.upload.tell()
    if (work.kind === "shelf") this.sources.ways.shelf.mark(source.query.source.split(":")[1])
    this.changed()
  }

  crop(crop) {
    const source = shown()
    if (!source) return
    source.crop = within(crop, source)
    this.changed()
  }

  changed() {
    this.settle()
    this.due ||= requestAnimationFrame(() => {
      this.due = 0
      if (shown()) this.stage.paint(shown())
      if (shown()) this.tools.paint(shown())
      this.trouble = ""
      this.readings.ask(pictures(), this.card)
      this.paint()
    })
  }

  /** The hand rests: those who take longer are asked, and the address follows. */
  settled() {
    this.write()
    this.refusal.ask()
    this.everyone.ask()
  }

  read(ms, trouble) {
    if (trouble) this.say(trouble)
    this.bar.tell(++this.reads, ms)
    this.paint()
  }

  /** A model that gives no reading says why, where its verdict would stand; what was read before stays. */
  fail(sentence) {
    this.trouble = sentence
    this.paint()
  }

  paint() {
    const { card, parts } = this
    parts.verdict.textContent = this.trouble || verdict(card, this.words[desk.score])
    parts.verdict.classList.toggle("zt-out-no", Boolean(this.trouble))
    this.row.paint(card, this.words[desk.score])
    this.charts.paint(card)
    story(parts.story, card, this.words)
    contest(parts.contest, card)
    this.refusal.paint()
    this.everyone.paint()
  }

  engine(state) {
    const back = state === "ready" && this.away
    this.away = state !== "ready"
    this.notice.engine(state)
    if (!back) return
    this.sources.ways.sample.again()
    this.changed()
  }

  close() {
    cancelAnimationFrame(this.due)
    this.settle.cancel()
    this.deaf()
    this.sources.close()
    this.charts.close()
    this.notice.close()
    this.resizing.disconnect()
    this.channel.close()
  }
}

// Outliers: a row of pictures, and what a model with a likelihood makes of them. Streamlit calls the default export at
// each data change.

import { Page } from "../../core/page.js"
import { telling } from "../../core/slot.js"
import { settle } from "../../ui/element.js"
import { KeptPictures } from "../../core/pictures.js"
import { mounting } from "../../core/mount.js"
import { PictureSource } from "../../source/pictureSource.js"
import * as sourceSaving from "../../source/saving.js"
import { asked } from "../../source/saving.js"
import { shown, sourceState } from "../../source/sourceState.js"
import { Bar } from "./bar.js"
import { Charts } from "./charts.js"
import { contest } from "./contest.js"
import { Everyone } from "./everyone.js"
import { Gains } from "./gains.js"
import { composed, fits, restore } from "./saving.js"
import { KEYS } from "./keys.js"
import { Loading } from "./loading.js"
import { button, element, layout } from "./parts.js"
import { Readings } from "./readings.js"
import { Refusal } from "./refusal.js"
import { Row } from "./row.js"
import { SCORES, against, best } from "./scores.js"
import { MOST, copied, linked, pictures, state } from "./state.js"
import { story, verdict } from "./story.js"

const REST = 220 // milliseconds without a change after which the hand counts as resting

export default mounting("outliers", (...given) => new Outliers(...given))

class Outliers extends Page {
  kept = Promise.withResolvers() // what was in the row and on the desk

  constructor(root, page, { words }) {
    super(root, page, { name: "outliers", keys: KEYS, state })
    this.words = words
    this.models = []
    this.reads = 0
    const parts = (this.parts = layout(this))
    this.pictures = new KeptPictures(page, { changed: () => this.persistence.now(), say: this.say })
    this.pictureSource = new PictureSource(this.channel, parts, { changed: () => this.weigh(), say: this.say })
    this.loading = new Loading(this.channel, this.say)
    this.readings = new Readings(this.channel, "outliers-row", {
      read: (ms, trouble) => this.read(ms, trouble),
      failed: (sentence) => this.fail(sentence),
    })
    this.row = new Row(parts.row, { judge: (at) => this.judge(at), remove: (at) => this.remove(at) })
    const onKind = { against: (kind) => this.against(kind) }
    this.charts = new Charts(parts.charts, words, { choose: (name) => this.choose(name), ...onKind })
    this.gains = new Gains(parts.gains, words, onKind)
    this.refusal = new Refusal(this.channel, parts.refusal, words)
    this.everyone = new Everyone(this.channel, parts.everyone, words)
    this.bar = new Bar(parts.bar, words, { judge: (name) => this.ask(name), choose: (name) => this.choose(name) })
    this.keep = button(
      "Keep in the row",
      "Let the picture on the desk stay in the row, and go on with another (K)",
      () => this.add(),
    )
    parts.tools.prepend(element("div", { class: "zt-rec-line" }, this.keep))
    this.settle = settle(() => this.settled(), REST)
    this.persistence.load()
    const scores = Object.keys(SCORES)
    this.listen({ k: () => this.add(), digit: (digit) => scores[digit - 1] && this.choose(scores[digit - 1]) })
  }

  // Streamlit

  update({ data, setStateValue }) {
    state.send = setStateValue
    this.offer(data.models)
    this.loading.offer(data.bundled, data.painters)
    this.refusal.offer(data.models, data.judges)
    this.everyone.offer(data.models)
    this.pictureSource.offer(data.painters, data)
    this.begin(data.asked)
  }

  offer(models) {
    this.models = models
    if (!models.some(({ name }) => name === state.model)) state.model = models[0].name
    this.bar.offer(models)
  }

  get card() {
    return this.models.find(({ name }) => name === state.model)
  }

  /** Lay out what an address asks for; else what lay there; else what the model begins with. */
  async begin(address) {
    const kept = await this.kept.promise
    if (state.news(address)) return this.follow(address, kept)
    if (this.begun) return
    this.begun = true
    this.pictureSource.sources.choose(sourceState.kind ?? "shelf")
  }

  follow(address, kept) {
    const { score } = state
    state.take(address)
    state.judged = -1
    state.score ||= best(against(this.card)) ?? score
    if (address.notices.length) this.say(address.notices.join(" "))
    this.begun = true
    this.bar.press()
    if (!state.loaded && fits(kept?.outliers)) return this.comeBack(kept)
    state.loaded = true
    const named = "row" in address.query || state.source
    if (named) return ((state.touched = true), this.open({ row: state.row.map(asked), desk: asked(state.source) }))
    return state.touched ? this.pictureSource.sources.choose(sourceState.kind) : this.start()
  }

  /** Lay out what the model begins with; a picture of a person's own stays on the desk. */
  start() {
    const { row, desk } = this.loading.start(this.card)
    const own = shown() && !shown().query?.source && !this.pictureSource.empty
    return this.open({ row, desk: own ? null : desk })
  }

  /** Lay out what was kept before this page was loaded. */
  async comeBack({ outliers, desk }) {
    try {
      await restore(outliers, this.loading, this.pictures)
    } catch (error) {
      return telling()(error) // the person has chosen another row meanwhile
    }
    this.pictureSource.resume(desk, "shelf")
  }

  /** Lay pictures into the row and on the desk, by their sources. */
  async open({ row, desk: one }) {
    try {
      state.laid = await this.loading.all(row)
    } catch (error) {
      return telling()(error)
    }
    state.loaded = true
    if (one) return this.pictureSource.follow(one)
    sourceState.kind ??= "shelf"
    this.pictureSource.sources.mark()
    this.pictureSource.laid()
  }

  /** Let another model judge; a row that nobody has chosen becomes one of its kind. */
  ask(name) {
    const before = this.card
    state.model = name
    if (!state.touched && this.card.data !== before.data) return this.start()
    this.changed()
  }

  choose(score) {
    state.score = score
    this.bar.press()
    this.paint()
    this.write()
  }

  /** Show all scores against another kind of strangers. */
  against(kind) {
    state.against = kind
    this.paint()
    this.write()
  }

  write() {
    linked()
    state.write()
  }

  // The row

  add() {
    if (!shown()) return this.say("There is no picture on the desk yet. Choose one under Pictures.")
    if (state.laid.length >= MOST)
      return this.say(`The row holds ${MOST} pictures beside the one on the desk. Take one out first (×).`)
    state.laid = [...state.laid, copied(shown())]
    state.touched = true
    this.changed()
  }

  remove(at) {
    state.laid = state.laid.filter((_, i) => i !== at)
    state.touched = true
    if (state.judged === at) state.judged = -1
    else if (state.judged > at) state.judged--
    this.changed()
    this.row.focus(at)
  }

  judge(at) {
    state.judged = at
    this.paint()
    this.refusal.ask(this.card)
  }

  // What is made of them

  /** The desk, the row or the model has changed: weigh all pictures, soon. */
  changed() {
    this.pictureSource.changed()
  }

  weigh() {
    this.settle()
    this.persistence.soon()
    this.trouble = ""
    if (shown()) Readings.doubt(shown())
    this.refusal.doubt()
    this.readings.ask(pictures(), this.card)
    this.paint()
  }

  /** The hand rests: those who take longer are asked, and the address follows. */
  settled() {
    this.write()
    this.persistence.now()
    this.refusal.ask(this.card)
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
    parts.verdict.textContent = this.trouble || verdict(card, this.words[state.score])
    parts.verdict.classList.toggle("zt-out-no", Boolean(this.trouble))
    const stale = pictures().some((picture) => Readings.of(picture, card)?.stale)
    for (const part of [parts.verdict, parts.charts, parts.contest]) part.classList.toggle("zt-out-stale", stale)
    this.row.paint(card, this.words[state.score])
    this.charts.paint(card)
    story(parts.story, card, this.words)
    this.gains.paint(card)
    contest(parts.contest, card)
    this.refusal.paint(card)
    this.everyone.paint()
  }

  compose() {
    return { ...sourceSaving.composed(this.pictures), ...composed(this.pictures) }
  }

  async restore(body) {
    await sourceSaving.restore(body?.desk, this.pictures)
    this.kept.resolve(body)
  }

  again() {
    this.pictureSource.again()
    this.changed()
  }

  close() {
    this.settle.cancel()
    this.pictureSource.close()
    this.charts.close()
    super.close()
  }
}

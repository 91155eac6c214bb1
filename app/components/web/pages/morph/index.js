// Morph: wires walk, strip, player, cross-fade, plot and films together. Streamlit calls the default export at each
// run.

import { Page } from "../../core/page.js"
import { telling } from "../../core/slot.js"
import { reducedMotion } from "../../ui/element.js"
import { Status } from "../../ui/speed.js"
import { mounting } from "../../core/mount.js"
import { Fade } from "./fade.js"
import { Films } from "./films.js"
import { Saving } from "./saving.js"
import { KEYS } from "./keys.js"
import { layout } from "./layout.js"
import { Near } from "./near.js"
import { Player } from "./player.js"
import { Plot } from "./plot.js"
import { state } from "./state.js"
import { Strip } from "./strip.js"
import { Walk } from "./walk.js"
import { wire } from "./wiring.js"
import { Words } from "./words.js"

const FIRST = [3, 8, 21, 34] // seeds of the keys of a model whose card names none

export default mounting("morph", (...given) => new Morph(...given))

export class Morph extends Page {
  /** @type {Words} */ words
  /** @type {Fade} */ fade
  /** @type {Plot} */ plot
  /** @type {Player} */ player
  /** @type {Near} */ near
  /** @type {Strip} */ strip

  constructor(root, page, { limits }) {
    super(root, page, { name: "morph", keys: KEYS, state })
    this.limits = limits
    this.walk = null
    this.walks = new Map()
    this.parts = layout(this, limits)
    this.showPath()
    this.saving = new Saving(this)
    this.draws = this.channel.slot("morph-draw")
    this.codes = this.channel.slot("morph-codes")
    this.films = new Films(page, this.channel, this.parts, { say: this.say, busy: (going) => this.words.busy(going) })
    this.letGo = wire(this)
    for (const part of [this.parts.liveBox, this.parts.plotBox]) this.resizing.observe(part)
  }

  showPath() {
    const { live, fade, plot, plotBox, keyList, status, readout } = this.parts
    const speed = new Status(status, readout)
    this.words = new Words(this)
    this.fade = new Fade(fade)
    this.plot = new Plot(plot, plotBox, (time, since) => this.player.seek(time, since))
    const onPlay = {
      moment: (time) => this.moment(time),
      drawn: (drawn) => (speed.drawn(drawn), this.near.later()),
      state: () => (this.words.playing(), this.near.later()),
      error: this.say,
    }
    this.player = new Player(this.channel, live, onPlay)
    this.near = new Near(this.channel, this.parts, this.player)
    const removed = (sentence, back) => this.say(sentence, 8000, { text: "Put it back", act: back })
    const visit = (key) => this.walk.ready && this.player.seek(this.walk.path.timeOf(key))
    this.strip = new Strip(this.channel, keyList, {
      changed: () => this.changed(),
      visit,
      removed,
      pictures: () => this.crossFade(),
      error: this.say,
    })
  }

  // Streamlit

  update({ data, setStateValue }) {
    state.send = setStateValue
    this.models = data.models
    const first = !this.walk
    if (state.news(data.asked)) this.follow(data.asked)
    if (!first) return
    this.open(state.model ?? data.models[0].name)
    this.persistence.load()
  }

  /** Take over what an address asks for. */
  follow(asked) {
    state.take(asked)
    if (asked.notices.length) this.say(asked.notices.join(" "), 12000)
    if (!this.walk) return
    if (this.walk.card.name !== state.model) this.open(state.model)
    state.write()
  }

  /** Back or Forward has entered an entry of another model. */
  back(_, snapshot) {
    if (!state.leads(snapshot) || !this.models.some(({ name }) => name === snapshot.model)) return
    state.enter(snapshot)
    this.player.pause()
    this.open(state.model)
  }

  /** Take a model, with its keys as they were left, or with a few draws. */
  open(name) {
    const card = this.models.find((model) => model.name === name) ?? this.models[0]
    state.model = card.name
    const drawn = this.walk?.untouched ? [] : (this.walk?.keys.filter(({ origin }) => origin.kind === "seed") ?? [])
    const asked = drawn.map(({ y, origin }) => ({ seed: origin.seed, name: this.walk.card.classes[y] }))
    this.walk = this.walks.get(name) ?? new Walk(card)
    if (!this.walks.has(name) && this.settings) this.walk.settings = { ...this.settings }
    this.walk.card = card
    const fresh = !this.walks.has(name)
    this.walks.set(name, this.walk)
    this.plot.takeCodes(null)
    this.codes.drop()
    if (card.encodes) this.askCodes(name)
    this.words.fill()
    this.changed()
    state.write()
    if (!fresh) return
    if (asked.length < 2) return this.begin()
    this.draw(
      asked.map(({ seed }) => seed),
      "before",
      asked.map(({ name: of }) => card.classes.indexOf(of)),
    )
  }

  /** Draw the keys that a model opens with. */
  begin() {
    const { keys, truncation } = this.walk.card.first
    if (keys.length < 2) this.draw(FIRST, "before")
    else this.draw(keys, "before", [], truncation)
  }

  /** Another model was picked: open it at once. */
  pick(name) {
    this.player.pause()
    this.open(name)
    this.persistence.now()
  }

  // Keys

  /**
   * Add keys by seed, of `known` classes where there are, "after" or "before" those there or "instead"; the server
   * draws, so that a seed gives the same latent everywhere.
   */
  draw(seeds, where = "after", known = [], truncation = 1) {
    const { walk } = this
    this.draws
      .ask({ verb: "latents", model: walk.card.name, seeds, truncation })
      .then(({ results: [result] }) => this.drawn(walk, result, { seeds, where, known, truncation }))
      .catch(telling(this.say))
  }

  drawn(walk, { payload, shape }, { seeds, where, known, truncation }) {
    const all = new Float32Array(payload)
    const classes = walk.card.classes.length
    const keys = seeds.map((seed, i) => {
      const y = !classes ? null : known[i] >= 0 ? known[i] : (where === "after" ? walk.keys.length + i : i) % classes
      return Walk.key(all.slice(i * shape[1], (i + 1) * shape[1]), y, { kind: "seed", seed, truncation })
    })
    walk.keys = { after: [...walk.keys, ...keys], before: [...keys, ...walk.keys], instead: keys }[where]
    if (walk !== this.walk) return
    this.changed()
    if (where !== "after" && !reducedMotion()) this.player.play()
  }

  /** @param {number | string} seed as it was typed */
  addSeed(seed = anySeed()) {
    const number = Number(seed)
    if (seed === "" || !Number.isInteger(number) || number < 0 || number >= 2 ** 32)
      return this.say("A seed is a whole number from 0 to 4294967295.")
    if (this.room()) this.draw([number])
  }

  addMark(place) {
    const mark = this.saving.marks()[place]
    if (!mark) return this.say(`Bookmark ${place + 1} of Explore is empty for this model. Keep a picture there with K.`)
    if (!this.room()) return
    this.walk.keys.push(Walk.key(mark.z, mark.y, { kind: "bookmark", name: `bookmark ${place + 1}` }))
    this.changed()
  }

  room() {
    const most = this.limits.keys[1]
    if (this.walk.keys.length < most) return true
    this.say(`A path goes through at most ${most} key pictures. Remove one first.`)
    return false
  }

  /** New draws for all keys; a path without keys gets a few. */
  shuffle() {
    this.draw(Array.from({ length: Math.max(4, this.walk.keys.length) }, anySeed), "instead")
  }

  // The path

  /** Keys or settings are others: everything follows, and it is kept. */
  changed() {
    const { walk } = this
    this.settings = walk.settings
    walk.changed()
    this.words.path()
    this.strip.open(walk)
    this.plot.open(walk)
    this.words.plot()
    this.near.open(walk)
    this.player.open(walk)
    this.crossFade()
    this.resize()
    this.persistence.soon()
  }

  set(name, value) {
    this.walk.settings[name] = value
    this.changed()
  }

  moment(time) {
    this.plot.move(time)
    this.crossFade()
    this.words.moment(time)
  }

  crossFade() {
    const { walk, player } = this
    if (!walk.ready) return this.fade.draw()
    const { segment, along } = walk.path.place(player.time)
    this.fade.draw(walk.keys[segment].image, walk.keys[(segment + 1) % walk.keys.length].image, along)
  }

  askCodes(name) {
    this.codes
      .ask({ verb: "posterior", model: name })
      .then(({ results: [result] }) => this.takeCodes(result))
      .catch(telling())
  }

  takeCodes({ payload, shape }) {
    if (!shape[0]) return
    const [count, latent] = shape
    const all = new Float32Array(payload, 0, count * latent)
    const lengths = Float64Array.from({ length: count }, (_, i) =>
      Math.hypot(...all.subarray(i * latent, (i + 1) * latent)),
    ).sort()
    this.plot.takeCodes([0.05, 0.5, 0.95].map((part) => lengths[Math.min(count - 1, Math.floor(part * count))]))
    this.words.plot()
  }

  // Files

  export(form) {
    const { walk, parts, player } = this
    if (!walk.ready) return this.say("A path needs two key pictures before it can be saved. Add some first.")
    this.films.make(walk.toFile(), form, Number(parts.size.value), player.screen.soft ? "soft" : "pixels")
  }

  async import(file) {
    const read = file && (await this.films.read(file, this.limits.bytes))
    if (!read) return
    const { path, notices } = read
    if (path.model !== this.walk.card.name) this.pick(path.model)
    this.draws.drop() // of a model that was just opened
    this.walk.take(path)
    this.player.time = 0
    this.changed()
    this.say([`${file.name} is open: ${path.keys.length} key pictures.`, ...notices].join(" "), 8000)
  }

  // What is shown

  soften() {
    const soft = !this.player.screen.soft
    this.player.screen.soft = this.fade.soft = soft
    this.parts.soft.setAttribute("aria-pressed", soft)
    this.player.screen.redraw()
    this.crossFade()
  }

  resize() {
    const { liveBox, live, fade, plotBox } = this.parts
    if (!this.walk || !liveBox.clientWidth) return
    const [, height, width] = this.walk.card.shape
    const scale = Math.min(liveBox.clientWidth / width, liveBox.clientHeight / height)
    const [across, down] = [Math.floor(width * scale), Math.floor(height * scale)]
    for (const canvas of [live, fade]) Object.assign(canvas.style, { width: `${across}px`, height: `${down}px` })
    this.player.screen.fit(across, down)
    this.fade.fit(across, down)
    this.plot.fit(plotBox.clientWidth, plotBox.clientHeight)
  }

  compose() {
    return this.saving.compose()
  }

  restore(body) {
    this.saving.loaded(body)
  }

  again() {
    if (!this.walk) return
    if (!this.walk.keys.length) this.begin()
    this.strip.ask()
    this.near.again()
    this.player.show()
  }

  close() {
    this.persistence.now()
    this.player.close()
    this.near.close()
    this.films.close()
    this.letGo()
    super.close()
  }
}

const anySeed = () => Math.floor(Math.random() * 10000)

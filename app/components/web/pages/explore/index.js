// Explore: wires view, channel, picture, plane and axes together. Streamlit calls the default export at each data
// change.

import { Page } from "../../core/page.js"
import { settle } from "../../ui/element.js"
import { mounting } from "../../core/mount.js"
import { Axes } from "../../latent/axes.js"
import { Bookmarks } from "../../latent/bookmarks.js"
import { Captions } from "./captions.js"
import { Directions } from "../../latent/directions.js"
import { Commands } from "./commands.js"
import { Saving } from "./saving.js"
import { KEYS } from "./keys.js"
import { layout } from "./layout.js"
import { Levels } from "../../latent/levels.js"
import { Motion } from "./motion.js"
import { Picture } from "./picture.js"
import { Plane } from "../../latent/plane.js"
import { Recorder } from "./recorder.js"
import { state } from "./state.js"
import { Status } from "../../ui/speed.js"
import { Toggles } from "./toggles.js"
import { View } from "../../latent/view.js"
import { wire } from "./wiring.js"

const views = new Map() // one for each model that this page has shown, with the way back through it

export default mounting("explore", (...given) => new Explorer(...given), "explorer")

export class Explorer extends Page {
  /** @type {any[]} */ models
  /** @type {Picture} */ picture
  /** @type {Bookmarks} */ bookmarks
  /** @type {Plane} */ plane
  /** @type {Axes} */ axes
  /** @type {Directions} */ directions
  /** @type {(name: string, value: any) => void} */ setTriggerValue = () => {}

  constructor(root, page) {
    super(root, page, { name: "explore", keys: KEYS, state })
    this.given = []
    this.names = {}
    this.card = null
    this.view = null
    this.parts = layout(this)
    this.saving = new Saving(this)
    this.motion = new Motion(this)
    this.commands = new Commands(this)
    this.recorder = new Recorder(this)
    this.captions = new Captions(this)
    this.levels = new Levels(this)
    this.showPicture()
    this.showLatents()
    this.toggles = new Toggles(this)
    this.settleSoon = settle(() => this.settled(), 350)
    wire(this)
    for (const part of [this.parts.pictureBox, this.parts.planeBox]) this.resizing.observe(part)
  }

  showPicture() {
    const { canvas, heat, status, readout, marks, marksHint } = this.parts
    const speed = new Status(status, readout)
    const say = (sentence, wait, action) => this.toasts.say(sentence, wait, action)
    const heatNote = (axis, mean) => this.captions.heat(axis, mean)
    const onDrawn = (drawn) => speed.drawn(drawn)
    this.picture = new Picture(this.channel, { canvas, heat, heatNote }, onDrawn, (sentence) => say(sentence))
    const onMark = { visit: (mark) => this.commands.visit(mark), changed: () => this.persistence.now(), say }
    this.bookmarks = new Bookmarks(this.channel, { marks, marksHint }, onMark)
  }

  showLatents() {
    const { planeBox: box, planeCanvas: canvas, point, axesList: list, directions } = this.parts
    const onCloud = (...cloud) => this.captions.legend(...cloud)
    const settled = () => this.settled()
    this.plane = new Plane(this.channel, { box, canvas, point, onCloud }, (...by) => this.dragPlane(...by), settled)
    const drag = (...by) => this.motion.drag(...by)
    const active = (axis) => this.commands.activate(axis)
    const jump = (axis, value) => this.commands.jump(axis, value)
    const rename = (axis, name) => this.rename(axis, name)
    const { levels } = this
    const onLevel = {
      levels,
      freeze: (level) => levels.freeze(level),
      fold: (level) => levels.fold(level),
      resample: (level) => this.commands.resample(level),
    }
    this.axes = new Axes(this.channel, { list, directions }, { drag, settled, active, jump, rename, ...onLevel })
    this.directions = new Directions(this)
  }

  // Streamlit

  update({ data, setStateValue, setTriggerValue }) {
    Object.assign(this, { setTriggerValue, models: data.models })
    state.send = setStateValue
    const last = views.get(state.model)
    if (state.news(data.asked)) this.follow(data)
    else if (!this.card && last) this.open({ card: last.card, view: last, names: {} }, [])
    else if (!this.card) this.open({ card: data.card, view: data.asked.view, names: data.names }, [])
    if (data.card.name !== this.card.name) return // of an address that has been left
    this.names = data.names
    this.axes.open(this.view, this.names)
  }

  /** Streamlit, which follows Back alone, would take the address of a gesture that it hears of meanwhile. */
  back() {
    state.insist()
  }

  /** Take over what an address asks for; of a model that is not here it says nothing. */
  follow({ asked, card, names }) {
    state.take(asked)
    const { query, view, notices } = asked
    const absent = query.model && query.model !== view.model
    const there = (absent && views.get(view.model)) || view
    this.open({ card, names, view: there }, absent ? [] : Object.keys(query), notices)
  }

  /** Take a view: from the address, or of a model that was asked for; `given` are the parts that somebody chose. */
  open({ card, view, names }, given, notices = []) {
    const first = !this.card
    this.motion.halt()
    const seed = this.view?.seed ?? null
    // By another model, to one that has not been here
    const carried = !first && !this.view.untouched && !views.has(card.name) && !given.includes("z")
    if (carried) view = { ...view, y: this.sameClass(card) ?? view.y }
    if (view instanceof View) view = { z: view.z, y: view.y, axes: view.chosenAxes ? view.axes : null }
    Object.assign(this, { card, names: card.name === this.card?.name ? this.names : names })
    const truncation = carried ? this.view.truncation : 1
    this.view = views.get(card.name) ?? Object.assign(new View(card, view), { truncation })
    views.set(card.name, this.view)
    this.view.card = card
    this.view.place(view)
    if (!carried) this.view.settleIn()
    this.view.keep()
    this.write()
    this.recorder.leave()
    this.given = given
    this.captions.fill()
    this.motion.show()
    this.rebuild()
    notices.length ? this.toasts.say(notices.join(" "), 12000) : this.toasts.quiet()
    if (first) this.persistence.load()
    else this.saving.note()
    if (carried && seed !== null) this.commands.random(seed, false)
  }

  /** The class of another model that has the name of the one shown; undefined where there is none. */
  sameClass({ classes }) {
    const at = classes.indexOf(this.card.classes[this.view.y])
    return at < 0 ? undefined : at
  }

  /** A gesture has ended: write the view back to Streamlit, which puts it into the address, and keep it. */
  settled() {
    this.settleSoon.cancel()
    if (this.view.keep() || this.unwritten) this.write()
    this.unwritten = false
    this.plane.refresh()
    this.axes.refresh()
    this.directions.refresh()
    this.captions.buttons()
    this.saving.note()
  }

  /** Have the address follow the view. */
  write() {
    const { view, card } = this
    state.set({ model: card.name, z: [...view.z], y: view.y, axes: view.chosenAxes ? view.axes : null })
    state.write()
  }

  /** Ask Streamlit for a model, as it was left; `step`: Back leads to the one that is shown. */
  ask(name, step = true) {
    state.ask({ model: name, ...(state.views[name] ?? views.get(name)?.query()) }, step)
  }

  rename(axis, name) {
    this.names = { ...this.names, [axis]: name }
    this.captions.fill()
    this.rebuild()
    this.setTriggerValue("rename", { model: this.card.name, axis, name })
  }

  // What is shown

  rebuild() {
    const [a, b] = this.view.axes
    this.parts.across.value = a
    this.parts.up.value = b
    this.resize()
    this.plane.open(this.view)
    this.axes.open(this.view, this.names)
    this.directions.open(this.view)
    this.captions.frozen()
    this.bookmarks.open(this.view)
  }

  dragPlane(...drag) {
    this.parts.hint.classList.add("zt-gone")
    this.motion.drag(...drag)
  }

  resize() {
    if (!this.card || !this.parts.pictureBox.clientWidth) return
    this.picture.fit(this.parts.pictureBox, this.card.shape)
    this.plane.resize()
  }

  line(line, why) {
    if (line === "open" && this.root.classList.contains("zt-lost")) state.insist()
    super.line(line, why)
  }

  compose() {
    return this.saving.compose()
  }

  restore(body, here) {
    this.saving.loaded(body, here)
  }

  /** Ask for everything again: while the engine was away, requests may have failed. */
  again() {
    if (!this.view) return
    this.motion.show()
    this.plane.again()
    this.axes.refresh()
    this.directions.again()
    this.bookmarks.ask()
  }

  close() {
    this.motion.close()
    this.recorder.close()
    this.settleSoon.cancel()
    this.toggles.stop()
    this.axes.close()
    this.directions.close()
    super.close()
  }
}

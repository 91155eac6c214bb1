// Explore: wires view, channel, picture, plane and axes together. Streamlit calls the default export at each data change.

import { Channel } from "../channel.js"
import { element, reducedMotion, settle } from "../element.js"
import { Axes } from "./axes.js"
import { listen } from "./keyboard.js"
import { layout } from "./layout.js"
import { Picture } from "./picture.js"
import { PALETTE, Plane } from "./plane.js"
import { copy, linkTo, python } from "./share.js"
import { Status } from "./status.js"
import { axisName, strongest, View } from "./view.js"

const GLIDE = 260 // milliseconds from one picture to the next where no hand moves
const NUDGE = 0.25 // of an axis' deviation in the data
const STEP = 1 / 60 // of an axis' range, for one press of an arrow

const explorers = new WeakMap()

export default function (component, page) {
  const root = component.parentElement.querySelector('[data-part="explorer"]')
  let explorer = explorers.get(root)
  if (!explorer) {
    explorer = new Explorer(root, page)
    explorers.set(root, explorer)
  }
  explorer.update(component)
  const turn = ++explorer.turn
  return () => {
    // A run that was overtaken is cleaned up at once, while its explorer lives on in the newer run.
    if (explorer.turn !== turn) return
    explorers.delete(root)
    explorer.close()
  }
}

class Explorer {
  constructor(root, page) {
    Object.assign(this, { root, page, turn: 0, version: 0, names: {}, card: null })
    this.parts = layout(root)
    this.channel = new Channel(page, (state) => this.connection(state))
    this.status = new Status(this.parts.status, this.parts.readout)
    this.picture = new Picture(
      this.channel,
      { canvas: this.parts.canvas, heat: this.parts.heat, heatNote: (axis, mean) => this.heatNote(axis, mean) },
      (drawn) => this.status.drawn(drawn),
      (sentence) => this.say(sentence),
    )
    this.plane = new Plane(
      this.channel,
      { box: this.parts.planeBox, canvas: this.parts.planeCanvas, point: this.parts.point, onCloud: (...cloud) => this.legend(...cloud) },
      (...drag) => {
        this.parts.hint.classList.add("zt-gone")
        this.drag(...drag)
      },
      () => this.settled(),
    )
    this.axes = new Axes(
      this.channel,
      { list: this.parts.axesList },
      {
        drag: (...drag) => this.drag(...drag),
        settled: () => this.settled(),
        active: (axis) => this.activate(axis),
        jump: (axis, value) => this.glide(this.view.z.map((old, other) => (other === axis ? value : old)), axis),
        rename: (axis, name) => this.rename(axis, name),
      },
    )
    this.draws = this.channel.slot("draw", (header, payload, request) => this.drawn(payload, request), (sentence) => this.say(sentence))
    this.keep = settle(() => this.settled(), 350)
    this.wire()
    this.resizing = new ResizeObserver(() => this.resize())
    this.resizing.observe(root)
    this.resizing.observe(this.parts.pictureBox)
    this.resizing.observe(this.parts.planeBox)
  }

  // Streamlit

  update({ data, setStateValue, setTriggerValue }) {
    Object.assign(this, { setStateValue, setTriggerValue, models: data.models })
    this.names = data.names
    if (data.version === this.version) return this.axes.view && this.axes.open(this.view, this.names)
    this.version = data.version
    this.halt()
    this.card = data.card
    this.view = new View(data.card, data.view)
    this.parts.seed.value = ""
    this.fill()
    this.show()
    this.rebuild()
    data.notices.length ? this.say(data.notices.join(" "), 12000) : this.quiet()
  }

  /** Write a settled view back to Streamlit, which puts it into the address. */
  settled() {
    this.keep.cancel()
    if (this.view.keep() || this.unwritten) this.setStateValue("view", this.view.query())
    this.unwritten = false
    this.plane.refresh()
    this.axes.refresh()
    this.buttons()
  }

  // What is shown

  show(since) {
    this.picture.show(this.view, since)
    if (this.painting) return
    this.painting = requestAnimationFrame(() => {
      this.painting = 0
      this.plane.move()
      this.axes.move()
    })
  }

  drag(axes, values, since) {
    this.halt()
    axes.forEach((axis, i) => this.view.set(axis, values[i]))
    this.view.active = axes.includes(this.view.active) ? this.view.active : axes[0]
    this.show(since)
  }

  /** Go to a latent over a few live pictures, so that an eye can follow. */
  glide(z, active = this.view.active, after = () => this.settled()) {
    this.halt()
    this.view.active = active
    const from = [...this.view.z]
    const start = performance.now()
    const step = (now) => {
      const time = reducedMotion() ? 1 : Math.min(1, Math.max(0, (now - start) / GLIDE))
      const ease = time * time * (3 - 2 * time)
      this.view.replace(time === 1 ? z : z.map((value, axis) => from[axis] + ease * (value - from[axis])))
      this.show(now)
      this.gliding = time < 1 ? requestAnimationFrame(step) : 0
      if (time === 1) after()
    }
    this.gliding = requestAnimationFrame(step)
  }

  halt() {
    cancelAnimationFrame(this.gliding)
    this.gliding = 0
  }

  activate(axis) {
    if (this.view.active === axis) return
    this.view.active = axis
    this.axes.move()
    if (this.picture.heating) this.picture.show(this.view)
  }

  heatNote(axis, mean) {
    this.parts.rule.textContent = `moved by ${axisName(this.card, this.names, axis)}: ${(100 * mean).toFixed(1)} % on average`
  }

  rule() {
    const { family, data, latent, bounds } = this.card
    this.parts.rule.textContent = `${bounds ? "decoded mean" : "decoded"} · ${latent} latents · ${data}`
    this.parts.rule.title = `${family}, trained on ${data}. ${bounds ? "The picture is the mean of the decoder's distribution." : ""}`
  }

  /** Everything that depends on the model alone. */
  fill() {
    const { model, text, classes, across, up, axisChoice, axesTitle } = this.parts
    model.replaceChildren(...this.models.map(({ name, title }) => element("option", { value: name, selected: name === this.card.name }, title)))
    text.textContent = this.card.text
    text.title = this.card.text
    this.rule()
    classes.hidden = !this.card.classes.length
    classes.replaceChildren(...this.card.classes.map((name, y) => element("button", { type: "button", class: "zt-chip", onclick: () => this.choose(y) }, name)))
    axesTitle.textContent = this.card.axes.some((axis) => axis.kl !== null) ? "Axes, most informative first" : "Axes, most visible first"
    axisChoice.hidden = this.card.latent < 3
    const options = () => strongest(this.card).map((axis) => element("option", { value: axis }, axisName(this.card, this.names, axis)))
    across.replaceChildren(...options())
    up.replaceChildren(...options())
    this.buttons()
  }

  rebuild() {
    const [a, b] = this.view.axes
    this.parts.across.value = a
    this.parts.up.value = b
    this.resize()
    this.plane.open(this.view)
    this.axes.open(this.view, this.names)
  }

  buttons() {
    const { undo, redo, classes } = this.parts
    undo.disabled = this.view.at === 0
    redo.disabled = this.view.at >= this.view.past.length - 1
    ;[...classes.children].forEach((chip, y) => chip.setAttribute("aria-pressed", y === this.view.y))
  }

  legend(count, labelled) {
    const chips = labelled
      ? this.card.labels.slice(0, 10).map((name, label) => {
          const dot = element("i", {})
          dot.style.background = PALETTE[label % PALETTE.length]
          return element("span", {}, dot, name)
        })
      : []
    this.parts.legend.replaceChildren(...chips)
    this.parts.dots.hidden = !count
    this.parts.dots.title = `Where ${count} pictures of the data lie: their posterior means (D)`
  }

  resize() {
    if (!this.card || !this.parts.pictureBox.clientWidth) return
    this.picture.fit(this.parts.pictureBox, this.card.shape)
    this.plane.resize()
  }

  // What a person does

  wire() {
    const { parts } = this
    parts.model.addEventListener("change", () => this.setStateValue("view", { model: parts.model.value, at: Date.now() }))
    parts.random.addEventListener("click", () => this.random())
    parts.seed.addEventListener("change", () => this.random(parts.seed.value))
    parts.truncation.addEventListener("input", () => this.truncate())
    parts.truncation.addEventListener("change", () => this.settled())
    parts.nudge.addEventListener("click", () => this.nudge())
    parts.undo.addEventListener("click", () => this.travel(-1))
    parts.redo.addEventListener("click", () => this.travel(1))
    parts.reset.addEventListener("click", () => this.reset())
    parts.soft.addEventListener("click", () => this.soften())
    parts.heating.addEventListener("click", () => this.heat())
    parts.dots.addEventListener("click", () => this.dot())
    parts.link.addEventListener("click", () => this.share("Link", linkTo(this.page, this.view.query())))
    parts.python.addEventListener("click", () => this.share("Python", python(this.view)))
    parts.lecture.addEventListener("click", () => this.lecture())
    parts.keys.addEventListener("click", () => parts.help.showModal())
    for (const choice of [parts.across, parts.up]) choice.addEventListener("change", () => this.turnPlane())
    parts.soft.setAttribute("aria-pressed", "true")
    parts.dots.setAttribute("aria-pressed", "true")
    this.onFullScreen = () => this.setLecture(document.fullscreenElement === this.root)
    document.addEventListener("fullscreenchange", this.onFullScreen)
    this.deaf = listen(this.root, {
      arrow: (...press) => this.arrow(...press),
      arrowEnd: () => this.keep(),
      r: () => this.random(),
      n: () => this.nudge(),
      u: () => this.travel(-1),
      redo: () => this.travel(1),
      0: () => this.reset(),
      h: () => this.heat(),
      d: () => this.dot(),
      p: () => this.soften(),
      f: () => this.lecture(),
      "?": () => (parts.help.open ? parts.help.close() : parts.help.showModal()),
    })
  }

  arrow(dx, dy, tenfold, since) {
    if (!this.view || this.parts.help.open) return
    const slider = this.axes.focused()
    const step = STEP * (tenfold ? 10 : 1)
    const moves = slider === null ? [[this.view.axes[0], dx], [this.view.axes[1], dy]] : [[slider, dx + dy]]
    const moved = moves.filter(([, by]) => by)
    const along = ([axis, by]) => this.view.z[axis] + by * step * (this.card.axes[axis].high - this.card.axes[axis].low)
    this.drag(moved.map(([axis]) => axis), moved.map(along), since)
    this.keep()
  }

  random(seed = Math.floor(Math.random() * 10000), glide = true) {
    const number = Number(seed)
    if (seed === "" || !Number.isInteger(number) || number < 0 || number >= 2 ** 32) return this.say("A seed is a whole number from 0 to 4294967295.")
    this.parts.seed.value = number
    const truncation = Number(this.parts.truncation.value)
    this.draws.ask({ op: "draw", model: this.card.name, seeds: [number], truncation }, null, { glide, model: this.card.name })
  }

  drawn(payload, request) {
    if (request.note.model !== this.card.name) return
    const z = [...new Float32Array(payload)]
    if (request.note.glide) return this.glide(z)
    this.halt()
    this.view.replace(z)
    this.show()
    this.keep()
  }

  truncate() {
    this.parts.truncationValue.textContent = Number(this.parts.truncation.value).toFixed(2)
    if (this.parts.seed.value !== "") this.random(this.parts.seed.value, false)
  }

  nudge() {
    const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random())
    this.glide(this.view.z.map((value, axis) => value + NUDGE * Math.max(0.2, this.card.axes[axis].deviation) * normal()))
  }

  travel(by) {
    const found = this.view.step(by)
    if (!found) return
    this.view.y = found.y
    this.unwritten = true
    this.glide(found.z)
    this.buttons()
  }

  reset() {
    this.glide(this.card.home)
  }

  choose(y) {
    this.view.y = y
    this.show()
    this.settled()
  }

  turnPlane() {
    const [a, b] = [Number(this.parts.across.value), Number(this.parts.up.value)]
    if (a === b) return this.say("The plane needs two different axes.")
    this.view.axes = [a, b]
    this.view.chosenAxes = true
    this.unwritten = true
    this.plane.paint()
    this.plane.move()
    this.settled()
  }

  rename(axis, name) {
    this.names = { ...this.names, [axis]: name }
    this.axes.open(this.view, this.names)
    this.fill()
    this.rebuild()
    this.setTriggerValue("rename", { model: this.card.name, axis, name })
  }

  soften() {
    this.picture.soft = !this.picture.soft
    this.parts.soft.setAttribute("aria-pressed", this.picture.soft)
  }

  heat() {
    this.picture.heating = !this.picture.heating
    this.parts.heating.setAttribute("aria-pressed", this.picture.heating)
    if (!this.picture.heating) this.rule()
    this.picture.show(this.view)
  }

  dot() {
    this.plane.dots = !this.plane.dots
    this.parts.dots.setAttribute("aria-pressed", this.plane.dots)
    this.plane.paint()
  }

  async share(what, text) {
    if (await copy(text)) this.say(`${what} copied.`)
    else this.say(text, 30000)
  }

  lecture() {
    if (this.root.classList.contains("zt-lecture")) {
      if (document.fullscreenElement) document.exitFullscreen()
      return this.setLecture(false)
    }
    this.setLecture(true)
    this.root.requestFullscreen?.().catch(() => {})
  }

  setLecture(on) {
    this.root.classList.toggle("zt-lecture", on)
    this.parts.lecture.setAttribute("aria-pressed", on)
    this.resize()
  }

  // Notices

  say(sentence, wait = 5000) {
    this.parts.notice.textContent = sentence
    this.parts.notice.hidden = false
    clearTimeout(this.silence)
    this.silence = setTimeout(() => this.quiet(), wait)
  }

  quiet() {
    this.parts.notice.hidden = true
  }

  connection(state) {
    const lost = state === "lost"
    this.root.classList.toggle("zt-lost", lost)
    clearTimeout(this.missing)
    if (lost) this.missing = setTimeout(() => this.say("Reconnecting… the picture stays as it is.", 60000), 600)
    else if (this.parts.notice.textContent.startsWith("Reconnecting")) this.quiet()
  }

  close() {
    this.halt()
    cancelAnimationFrame(this.painting)
    clearTimeout(this.silence)
    clearTimeout(this.missing)
    this.keep.cancel()
    this.axes.refresh.cancel()
    this.deaf()
    document.removeEventListener("fullscreenchange", this.onFullScreen)
    this.resizing.disconnect()
    this.channel.close()
  }
}

// Reconstruct: one picture on the left, and on the right what every model makes of it. Streamlit calls the default export
// at each data change.

import { Channel } from "../channel.js"
import { settle } from "../element.js"
import { linkTo } from "../explorer/share.js"
import { Memory } from "../memory.js"
import { within } from "./crop.js"
import { layout } from "./parts.js"
import { Rows } from "./rows.js"
import { Sources } from "./sources.js"
import { Stage } from "./stage.js"
import { Tools } from "./tools.js"
import { shown, work } from "./work.js"

const REST = 220 // milliseconds without a change after which the hand counts as resting

const mounted = new WeakMap()

export default function (component, page) {
  const root = component.parentElement.querySelector('[data-part="reconstruct"]')
  let reconstruct = mounted.get(root)
  if (!reconstruct) {
    reconstruct = new Reconstruct(root, page)
    mounted.set(root, reconstruct)
  }
  reconstruct.update(component)
  const turn = ++reconstruct.turn
  return () => {
    if (reconstruct.turn !== turn) return
    mounted.delete(root)
    reconstruct.close()
  }
}

class Reconstruct {
  constructor(root, page) {
    Object.assign(this, { root, page, turn: 0, due: 0, parts: layout(root) })
    const { parts } = this
    this.notice = parts.notice
    this.channel = new Channel(page, { onLine: (state) => this.notice.line(state), onEngine: (state) => this.engine(state) })
    this.memory = new Memory(this.channel, () => ({}), () => {}, "reconstruct")
    this.memory.recall()
    const cropped = (crop) => this.crop(crop)
    const changed = () => this.changed()
    const say = (sentence) => this.notice.say(sentence, 9000)
    this.sources = new Sources(this.channel, parts, { laid: () => this.laid(), changed, cropped, refused: say })
    const pen = (...stroke) => this.sources.ways.draw.pen(...stroke)
    this.stage = new Stage(parts, { cropped, pen, draws: () => work.kind === "draw" && work.pen.drawing })
    this.tools = new Tools(parts.tools, shown, { cropped, say })
    const invert = () => this.crop({ ...shown().crop, invert: !shown().crop.invert })
    const empty = () => work.kind === "draw" && this.sources.ways.draw.empty
    this.rows = new Rows(this.channel, parts, { changed, invert, empty, explore: (query) => this.explore(query), morph: (key) => this.morph(key) })
    this.settle = settle(() => this.rows.settled(), REST)
    this.resizing = new ResizeObserver(() => shown() && this.stage.paint(shown()))
    this.resizing.observe(parts.stage)
  }

  // Streamlit

  update({ data, setStateValue, setTriggerValue }) {
    Object.assign(this, { setStateValue, setTriggerValue })
    this.rows.offer(data.models)
    this.sources.ways.sample.offer(data.models)
    this.sources.ways.shelf.offer(data.bundled)
    this.sources.ways.upload.take(data.upload, data.picture)
    this.begin(data)
  }

  /** Lay the first picture on the desk: what an address asks for, else what lay there, else the first there is. */
  begin({ asked, notices }) {
    if (asked.number > work.asked) {
      work.asked = asked.number
      if (notices.length) this.notice.say(notices.join(" "), 12000)
      if (asked.kind) return this.sources.follow(asked)
    }
    if (this.begun) return
    this.begun = true
    const { shelf } = this.sources.ways
    this.sources.choose(work.kind ?? (shelf.all.length ? "shelf" : "draw"))
  }

  /** Have an address that leads back to the picture; those of a person's own have none. */
  write() {
    const { query } = shown()
    if (query && JSON.stringify(query) !== this.written) {
      this.written = JSON.stringify(query)
      this.setStateValue("view", query)
    }
  }

  explore(query) {
    this.link = linkTo(this.page, query)
    this.setTriggerValue("explore", query)
  }

  /** Leave a latent for Morph as a key, and have Morph opened. */
  morph({ model, ...key }) {
    const origin = { kind: "picture", seed: null, truncation: null, name: shown().title.slice(0, 60) }
    this.memory.hand({ model, keys: [{ ...key, origin }] })
    this.setTriggerValue("morph", { model })
  }

  // The picture

  /** Another picture lies on the desk. */
  laid() {
    const source = shown()
    const { note, stage } = this.parts
    stage.classList.toggle("zt-rec-blank", !source)
    note.textContent = source ? "" : WAITING[work.kind]
    if (!source) return
    this.write()
    if (work.kind === "upload") this.sources.ways.upload.tell()
    if (work.kind === "shelf") this.sources.ways.shelf.mark(source.query.source.split(":")[1])
    this.rows.sort()
    this.settle.cancel()
    this.paint()
    this.rows.settled()
  }

  crop(crop) {
    const source = shown()
    if (!source) return
    source.crop = within(crop, source)
    this.changed()
  }

  /** The crop, or what lies under it, has changed: at the next refresh those in sight follow, at rest all. */
  changed() {
    if (!shown()) return
    this.settle()
    this.due ||= requestAnimationFrame(() => {
      this.due = 0
      this.paint()
      this.rows.follow()
    })
  }

  paint() {
    const source = shown()
    if (!source) return // the desk was cleared since
    this.stage.paint(source)
    this.tools.paint(source)
    this.parts.note.textContent = this.rows.on.empty() ? EMPTY : ""
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
    this.sources.close()
    this.rows.close()
    this.memory.close()
    this.notice.close()
    this.resizing.disconnect()
    this.channel.close()
  }
}

const EMPTY = "The pad is empty. Draw a stroke, and every row follows it."
const WAITING = {
  upload: "No picture has been brought yet. Choose one, or drop it on the strip at the top.",
  camera: "The camera is off. Start it, and every row follows what it sees.",
  sample: "The sample is being drawn…",
  shelf: "",
  draw: "",
}

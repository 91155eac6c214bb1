// The picture of which something is to be hidden: brought, drawn or sampled as on Reconstruct, whose desk is shared.

import { cut, within } from "../reconstruct/crop.js"
import { Sources } from "../reconstruct/sources.js"
import { Stage } from "../reconstruct/stage.js"
import { Tools } from "../reconstruct/tools.js"
import { lay, sheet, shown, work } from "../reconstruct/work.js"
import { easel } from "./easel.js"

const WAITING = {
  upload: "No picture has been brought yet. Choose one, or drop it on the strip at the top.",
  camera: "The camera is off. Start it, and hold a picture.",
  sample: "The sample is being drawn…",
}

export class Source {
  /** `on.changed()` hears of another picture or crop, `on.say(sentence)` of what cannot be taken. */
  constructor(channel, desk, on) {
    Object.assign(this, { desk, on, due: 0 })
    const cropped = (crop) => this.crop(crop)
    const pen = (...stroke) => this.sources.ways.draw.pen(...stroke)
    this.sources = new Sources(channel, desk, { laid: () => this.laid(), changed: () => this.changed(), cropped, refused: on.say })
    this.stage = new Stage(desk, { cropped, pen, draws: () => work.kind === "draw" && work.pen.drawing })
    this.tools = new Tools(desk.tools, shown, { cropped, say: on.say })
    this.resizing = new ResizeObserver(() => shown() && this.stage.paint(shown()))
    this.resizing.observe(desk.stage)
  }

  offer({ samplers, bundled, upload, picture }) {
    this.sources.ways.sample.offer(samplers)
    this.sources.ways.shelf.offer(bundled)
    this.sources.ways.upload.take(upload, picture)
  }

  /** Lay the first picture on the desk: what lay there on Reconstruct, else one that comes along and is like the model's data. */
  begin({ data }) {
    if (work.kind) return this.sources.choose(work.kind)
    const { shelf } = this.sources.ways
    const first = shelf.all.find((each) => each.data === data) ?? shelf.all[0]
    if (!first) return this.sources.choose("draw")
    work.kind = "shelf"
    this.sources.mark()
    shelf.choose(first.name)
  }

  /** Take what an address asks for: {kind: "shelf", name} or {kind: "sample", model, seed}. */
  follow(asked) {
    this.sources.follow(asked)
  }

  /** What leads back to the picture in an address; undefined for a person's own. */
  get query() {
    return shown()?.query?.source
  }

  /** Take a drawing of the board as the picture. */
  adopt(image, title) {
    const canvas = sheet(image.width, image.height)
    canvas.getContext("2d").putImageData(image, 0, 0)
    lay("sample", canvas, { fit: "all", title, query: {} })
    this.sources.mark()
    this.sources.ways.sample.says.textContent = `${title}.`
    this.laid()
  }

  laid() {
    const source = shown()
    this.desk.stage.classList.toggle("zt-rec-blank", !source)
    this.desk.note.textContent = source ? "" : (WAITING[work.kind] ?? "")
    if (!source) return
    if (work.kind === "upload") this.sources.ways.upload.tell()
    if (work.kind === "shelf" && source.query?.source) this.sources.ways.shelf.mark(source.query.source.split(":")[1])
    this.changed()
  }

  crop(crop) {
    const source = shown()
    if (!source) return
    source.crop = within(crop, source)
    this.changed()
  }

  changed() {
    if (!shown()) return
    this.due ||= requestAnimationFrame(() => {
      this.due = 0
      if (!shown()) return // the desk was cleared since
      this.stage.paint(shown())
      this.tools.paint(shown())
      this.on.changed()
    })
  }

  /** The picture as a model sees it, bytes; black and white where it knows nothing else; null where there is none. */
  bytes({ shape, levels }) {
    const source = shown()
    if (!source) return null
    const bytes = cut(source, source.crop, shape)
    return levels === 2 ? bytes.map((byte) => (byte >= easel.threshold ? 255 : 0)) : bytes
  }

  close() {
    cancelAnimationFrame(this.due)
    this.sources.close()
    this.resizing.disconnect()
  }
}

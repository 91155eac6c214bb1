// The desk: where a picture lies that was brought, drawn or sampled, and is cropped. Reconstruct, Complete and Outliers
// have one each, and find on it what lay on the others.

import { within } from "./crop.js"
import { asked } from "./saving.js"
import { Sources } from "./sources.js"
import { Stage } from "./stage.js"
import { Tools } from "./tools.js"
import { shown, sourceState } from "./sourceState.js"

const EMPTY = "The pad is empty. Draw a stroke, and the page follows it."
const WAITING = {
  upload: "No picture has been brought yet. Choose one, or drop it on the strip at the top.",
  camera: "The camera is off. Start it, and the page follows what it sees.",
  sample: "The sample is being drawn…",
  shelf: "No picture lies here yet. Choose one.",
}

export class PictureSource {
  /**
   * `on.changed(source)` hears of another crop or of new pixels, once a screen refresh, with nothing where nothing
   * lies; `on.laid(source)` of another picture, at once, or without it `on.changed` does; `on.say(sentence)` what
   * cannot be taken.
   */
  constructor(channel, parts, on) {
    this.parts = parts
    this.on = on
    this.due = 0
    const [changed, cropped] = [() => this.changed(), (crop) => this.crop(crop)]
    this.sources = new Sources(channel, parts, { laid: () => this.laid(), changed, cropped, refused: on.say })
    const pen = (...stroke) => this.sources.ways.draw.pen(...stroke)
    this.stage = new Stage(parts, { cropped, pen, draws: () => sourceState.kind === "draw" && sourceState.pen.drawing })
    this.tools = new Tools(parts.tools, shown, { cropped, say: on.say })
    this.resizing = new ResizeObserver(() => shown() && this.stage.paint(shown()))
    this.resizing.observe(parts.stage)
  }

  /** Take what the page has: models to sample from, pictures that come along, and the upload as it was read. */
  offer(samplers, { bundled, upload, picture }) {
    this.sources.ways.sample.offer(samplers)
    this.sources.ways.shelf.offer(bundled)
    this.sources.ways.upload.take(upload, picture)
  }

  /** Take what an address asks for: {kind: "shelf", name} or {kind: "sample", model, seed}. */
  follow(source) {
    this.sources.follow(source)
  }

  /** Lay out what lay here before, `kept` where that was before this page was loaded; else `first`, a kind. */
  resume(kept, first) {
    const source = asked(kept?.sources?.[sourceState.kind ?? ""]?.source)
    if (source && !shown() && this.sources.has(source)) return this.follow(source)
    this.sources.choose(sourceState.kind ?? first)
  }

  /** Whether the pad lies here, without a stroke. */
  get empty() {
    return sourceState.kind === "draw" && this.sources.ways.draw.empty
  }

  /** Another picture lies here, or none. */
  laid() {
    const source = shown()
    const { upload, shelf } = this.sources.ways
    this.parts.stage.classList.toggle("zt-rec-blank", !source)
    this.parts.note.textContent = source ? "" : (WAITING[sourceState.kind] ?? "")
    if (source && sourceState.kind === "upload") upload.tell()
    if (source && sourceState.kind === "shelf") shelf.mark(source.query?.source?.split(":")[1])
    this.on.laid ? this.on.laid(source) : this.changed()
  }

  crop(crop) {
    const source = shown()
    if (!source) return
    source.crop = within(crop, source)
    this.changed()
  }

  changed() {
    this.due ||= requestAnimationFrame(() => {
      this.due = 0
      this.paint()
      this.on.changed(shown())
    })
  }

  paint() {
    const source = shown()
    if (!source) return // it was cleared since
    this.stage.paint(source)
    this.tools.paint(source)
    this.parts.note.textContent = this.empty ? EMPTY : ""
  }

  /** The engine is back: a sample that it owed is asked for again. */
  again() {
    this.sources.ways.sample.again()
  }

  close() {
    cancelAnimationFrame(this.due)
    this.sources.close()
    this.resizing.disconnect()
  }
}

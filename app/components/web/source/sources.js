// Where pictures come from: one tab for each way, and whose picture is on the stage.

import { Camera } from "./camera.js"
import { element } from "./parts.js"
import { Pad } from "./pad.js"
import { Sample } from "./sample.js"
import { Shelf } from "./shelf.js"
import { Upload } from "./upload.js"
import { sourceState } from "./sourceState.js"

const TABS = { shelf: "Pictures", draw: "Draw", upload: "Upload", camera: "Camera", sample: "Sample" }

/**
 * A source that an address, or a model, asks for.
 *
 * @typedef {object} Asked
 * @property {string} kind "shelf" or "sample"
 * @property {string} [name] of a picture that comes along
 * @property {string} [model] of a sample
 * @property {number} [seed]
 */

export class Sources {
  /**
   * `on.laid()` hears of another picture, `on.changed()` of new pixels in the same, `on.cropped(crop)`,
   * `on.refused(sentence)`.
   */
  constructor(channel, parts, on) {
    this.parts = parts
    this.on = on
    const here = (kind) => ({
      ...on,
      laid: () => (this.mark(), on.laid()),
      changed: () => sourceState.kind === kind && on.changed(),
    })
    this.ways = {
      shelf: new Shelf(here("shelf")),
      draw: new Pad(parts.pen, here("draw")),
      upload: new Upload(here("upload")),
      camera: new Camera(here("camera")),
      sample: new Sample(channel, here("sample")),
    }
    this.tabs = Object.entries(TABS).map(([kind, text]) => this.tab(kind, text))
    parts.tabs.replaceChildren(...this.tabs)
  }

  tab(kind, text) {
    const made = element(
      "button",
      {
        type: "button",
        class: "zt-rec-tab",
        role: "tab",
        "data-kind": kind,
        "aria-controls": "zt-rec-panel",
        onclick: () => this.choose(kind),
      },
      text,
    )
    made.addEventListener("keydown", (event) => this.step(event))
    return made
  }

  step(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!way) return
    event.preventDefault()
    event.stopPropagation()
    const at = this.tabs.indexOf(event.currentTarget)
    const next = this.tabs[(at + way + this.tabs.length) % this.tabs.length]
    next.focus()
    next.click()
  }

  /** Open a tab; what lay there before comes back as it was left. */
  choose(kind) {
    if (sourceState.kind === "camera" && kind !== "camera") this.ways.camera.stop()
    if (kind !== "sample") this.ways.sample.drop()
    sourceState.kind = kind
    this.mark()
    if (kind === "sample" && !sourceState.sources.sample) this.ways.sample.draw()
    if (kind === "shelf" && !sourceState.sources.shelf && this.ways.shelf.all.length)
      return this.ways.shelf.choose(this.ways.shelf.all[0].name)
    this.on.laid()
  }

  /** Show the tab of the present kind. */
  mark() {
    for (const tab of this.tabs) {
      const mine = tab.dataset.kind === sourceState.kind
      tab.setAttribute("aria-selected", mine)
      tab.tabIndex = mine ? 0 : -1
    }
    const { panel } = this.ways[sourceState.kind]
    if (this.parts.panel.firstChild !== panel) this.parts.panel.replaceChildren(panel)
    this.parts.stage.classList.toggle("zt-rec-drawing", sourceState.kind === "draw")
  }

  /**
   * Whether there is what an address asks for.
   *
   * @param {Asked} asked
   */
  has({ kind, name, model }) {
    return kind === "shelf" ? this.ways.shelf.has(name) : this.ways.sample.has(model)
  }

  /**
   * Take what an address asks for.
   *
   * @param {Asked} asked
   */
  follow({ kind, name, model, seed }) {
    this.ways.sample.drop()
    if (kind === "shelf") return this.ways.shelf.choose(name)
    sourceState.kind = "sample"
    this.mark()
    this.ways.sample.choose(model, seed)
  }

  close() {
    this.ways.camera.stop()
  }
}

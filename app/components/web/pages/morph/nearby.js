// One way to say what is near, by pixels or by a classifier's features: the nearest pictures in a row, and a histogram.

import { telling } from "../../core/slot.js"
import { context2d } from "../../pixels/canvas.js"
import { element } from "../../ui/element.js"
import { decoded } from "../../pixels/sheet.js"
import { histogram } from "./histogram.js"

const NEIGHBOURS = 6
const ABOUT = {
  pixels: [
    "Nearest by pixels",
    "Root of the mean squared difference of a pixel, on a scale of 0 to 1",
    "A smooth picture lies near to many in pixels; features tell more.",
  ],
  features: [
    "Nearest by features",
    "Distance in what our classifier sees; 1 is as far as held-out pictures lie from their mean",
    "",
  ],
}

export class Nearby {
  /**
   * `changed()` hears that there is trouble, a sentence, or none any more.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, kind, changed) {
    this.kind = kind
    this.changed = changed
    this.model = null
    this.trouble = ""
    this.distances = {}
    this.slot = channel.slot(`near-${kind}`)
    this.slots = { path: channel.slot(`near-${kind}-path`), held: channel.slot(`near-${kind}-held`) }
    this.failed = telling((sentence) => this.fail(sentence))
    this.list = element("ol", { class: "zt-near-list", "aria-label": ABOUT[kind][0] })
    this.canvas = element("canvas", { class: "zt-near-plot", role: "img", "data-testid": `near-${kind}` })
    this.words = element("p", { class: "zt-morph-words" })
    const figure = element("figure", { class: "zt-near-figure" }, this.canvas, this.words)
    this.element = element(
      "section",
      { class: "zt-near-row", hidden: true, "aria-label": ABOUT[kind][0] },
      element("div", {}, element("h3", { class: "zt-morph-title", title: ABOUT[kind][1] }, ABOUT[kind][0]), this.list),
      figure,
    )
  }

  /** Turn to a model, or to none, for a reason. */
  open(model, reason) {
    Object.assign(this, { model, trouble: model ? "" : reason, distances: {} })
    for (const slot of [this.slot, ...Object.values(this.slots)]) slot.drop()
    this.element.hidden = true
  }

  /** Look for the training pictures nearest to one, in bytes. */
  find(bytes) {
    if (!this.model) return
    this.slot
      .ask({ verb: "nearest", model: this.model, rows: 1, neighbours: NEIGHBOURS, columns: NEIGHBOURS }, bytes, decoded)
      .then(({ results: [result], made }) => this.found(result, made))
      .catch(this.failed)
  }

  found(result, images) {
    this.list.replaceChildren(...images.map((image, i) => tile(image, result.distance[i])))
    this.trouble = ""
    this.element.hidden = false
    this.paint()
    this.changed()
  }

  /** Measure how far some pictures, of the "path" or "held" out, lie from the training picture nearest to each. */
  measure(what, all) {
    if (!this.model) return
    this.slots[what]
      .ask({ verb: "nearest", model: this.model, rows: all.length }, all)
      .then(({ results: [result] }) => this.measured(what, result))
      .catch(this.failed)
  }

  measured(what, result) {
    this.distances[what] = Float32Array.from(result.distance).sort()
    this.paint()
  }

  fail(sentence) {
    if (!this.model) return
    this.trouble = sentence
    this.element.hidden = true
    this.changed()
  }

  paint() {
    const { path, held } = this.distances
    if (this.element.hidden || !path || !held) return
    histogram(this.canvas, held, path)
    const near = path.filter((distance) => distance < at(held, 0.05)).length / path.length
    const verdict =
      near > 0.5
        ? "nearer than pictures that were never seen, as if learnt by heart."
        : "no nearer than pictures that were never seen."
    this.words.textContent =
      `Half of the path's frames lie within ${figure(at(path, 0.5))} of a training picture, half of the ` +
      `held-out pictures within ${figure(at(held, 0.5))}; ${Math.round(100 * near)} % of the frames come ` +
      `nearer than all but a twentieth of these. So most frames are ${verdict} ${ABOUT[this.kind][2]}`
    this.canvas.setAttribute("aria-label", this.words.textContent)
  }
}

function tile(image, distance) {
  const canvas = element("canvas", {
    width: image.width,
    height: image.height,
    role: "img",
    "aria-label": `Training picture at a distance of ${figure(distance)}`,
  })
  context2d(canvas).putImageData(image, 0, 0)
  return element("li", {}, canvas, element("small", {}, figure(distance)))
}

const at = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
const figure = (value) => value.toFixed(value < 0.1 ? 3 : 2)

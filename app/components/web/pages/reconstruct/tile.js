// One reconstruction: its picture, how far it is off, and the way on into Explore.

import { round } from "../../latent/view.js"
import { Screen } from "../../pixels/sheet.js"
import { Bound, Gauge } from "./gauge.js"
import { button, element, labelled } from "../../source/parts.js"
import { compare, figure } from "../../pixels/measure.js"
import { shown } from "../../source/sourceState.js"
import { state } from "./state.js"

const UNTOLD = "not told"
const LARGE = 176 // CSS pixels of the longer side of a picture

/** Draws a small picture at the size of the row. */
export function frame(shape, title) {
  const [, height, width] = shape
  const scale = LARGE / Math.max(height, width)
  const screen = new Screen(element("canvas", { role: "img", "aria-label": title }))
  screen.fit(width * scale, height * scale)
  Object.assign(screen.canvas.style, {
    width: `${Math.round(width * scale)}px`,
    height: `${Math.round(height * scale)}px`,
  })
  return screen
}

export class Tile {
  title = ""
  /** @type {number | undefined} */ y

  /**
   * `way` is said under the title: how this picture came about; `part` names the levels of the code that alone are
   * decoded.
   */
  constructor(card, way, on, part = "") {
    this.card = card
    this.on = on
    this.made = null
    this.seen = null
    this.z = null
    this.frames = 0
    this.screen = frame(card.shape, `Reconstruction by ${card.title}`)
    this.map = frame(card.shape, `Where ${card.title} is off`)
    this.map.canvas.classList.add("zt-rec-map")
    const value = () => element("dd", {}, "–")
    this.values = { pixels: value(), features: value(), latency: value() }
    this.gauge = new Gauge(card.held, card.strangeness, part)
    this.bound = new Bound(card)
    this.says = element("p", { class: "zt-rec-trouble", role: "status" })
    this.explore = button("Explore from here", "Move on from this latent in Explore", () => on.explore(this.query()))
    this.morph = button("Use in Morph", "Add this latent to the key pictures of this model in Morph", () =>
      on.morph(this.key()),
    )
    this.explore.disabled = this.morph.disabled = true
    this.extra = element("div", { class: "zt-rec-extra" })
    this.element = this.build(way)
  }

  build(way) {
    const { card, values } = this
    const row = (name, value, title) => element("div", { title }, element("dt", {}, name), value)
    return element(
      "article",
      { class: "zt-rec-tile", "data-model": card.name, "data-frames": 0 },
      element("header", {}, element("h4", { title: card.text }, card.short), element("p", {}, way)),
      element("div", { class: "zt-rec-picture" }, this.screen.canvas, this.map.canvas),
      this.says,
      element(
        "dl",
        {},
        row(
          "pixel error",
          values.pixels,
          "Mean squared error of a pixel on a scale of 0 to 1, against what the model saw",
        ),
        row(
          "feature error",
          values.features,
          card.judge
            ? "Squared distance of the features of both in our classifier, over their mean variance on " +
                "held-out pictures: 1 is as unlike as an average picture is from the mean"
            : `No classifier of ${card.pictures} is here to measure it by`,
        ),
        row(
          "latency",
          values.latency,
          card.over
            ? `In the model, without the network; at rest with the ${card.draws} draws behind the bound`
            : "In the model, without the network",
        ),
      ),
      this.gauge.element,
      this.bound.element,
      this.extra,
      element("div", { class: "zt-rec-onward" }, this.explore, this.morph),
    )
  }

  /** Offer to tell the model the class of the picture; one that can say how likely each is may be left untold. */
  askClass(changed, untold = true) {
    const { card } = this
    this.untold = untold ? element("option", { value: "" }, UNTOLD) : ""
    const options = [
      this.untold,
      ...card.classes.map((name, y) => element("option", { value: y, selected: state.classes[card.name] === y }, name)),
    ]
    const title = untold
      ? "Left untold, a model that knows how likely a picture is takes the likeliest class"
      : "The class that the picture is searched in"
    const select = element(
      "select",
      { class: "zt-rec-select", title, "aria-label": `Class that ${card.title} is told` },
      ...options,
    )
    select.addEventListener("change", () => {
      state.classes[card.name] = select.value === "" ? undefined : Number(select.value)
      changed()
    })
    this.extra.append(labelled("class", select))
  }

  /** The picture on the desk has changed, and the answer has not come: what is shown is of the one before. */
  wait() {
    this.element.classList.add("zt-rec-stale")
  }

  /**
   * Another picture lies on the desk: the figures of the one before go, and what is drawn stays marked until the
   * answer.
   */
  clear() {
    this.wait()
    Object.values(this.values).forEach((value) => (value.textContent = "–"))
    this.says.textContent = ""
    if (this.untold) this.untold.textContent = UNTOLD
    this.gauge.clear()
    this.bound.element.hidden = true
    this.explore.disabled = this.morph.disabled = true
  }

  /**
   * Draw a picture, ImageData, against the one that was seen; `z` is its latent, `strange` says whether that was drawn,
   * and the scores of a mean: {drawn, strangeness, texture, turned}.
   *
   * @param {ImageData} made
   * @param {ImageData} seen
   * @param {Float32Array} z
   * @param {{ms?: any, terms?: any, y?: number, strange?: object, title?: string}} about
   */
  show(made, seen, z, { ms, terms, y, strange, title = shown()?.title ?? "" } = {}) {
    Object.assign(this, { made, seen, z, y, title })
    this.judged(null)
    if (this.untold && state.classes[this.card.name] === undefined)
      this.untold.textContent = y === undefined ? UNTOLD : `likeliest: ${this.card.classes[y]}`
    const { error, map } = compare(seen, made)
    this.says.textContent = ""
    this.screen.soft = this.map.soft = state.soft
    this.screen.draw(made)
    this.map.draw(map)
    this.switched()
    this.error = error
    this.values.pixels.textContent = figure(error)
    if (ms) this.values.latency.textContent = `${ms.model.toFixed(1)} ms`
    this.gauge.show(error, strange)
    if (terms) this.bound.show(terms, seen)
    this.bound.element.classList.toggle("zt-rec-old", !terms)
    this.explore.disabled = this.morph.disabled = false
    this.element.dataset.frames = ++this.frames
    this.element.classList.remove("zt-rec-stale")
  }

  switched() {
    const { map, soft } = state
    this.map.canvas.hidden = !map || !this.made
    if (this.screen.soft === soft) return
    for (const screen of [this.screen, this.map]) {
      screen.soft = soft
      screen.redraw()
    }
  }

  judged(value) {
    this.values.features.textContent = value === null ? "–" : figure(value)
  }

  trouble(sentence) {
    this.says.textContent = sentence
    this.element.classList.add("zt-rec-stale")
  }

  /** This latent as a key of a path. */
  key() {
    const { card, z, title } = this
    return { model: card.name, title, z: Array.from(z, round), y: card.classes.length ? (this.y ?? 0) : null }
  }

  /** What opens this latent in Explore, as app/link.py writes it. */
  query() {
    const { card, z } = this
    const short = (value) => String(Number(value.toFixed(4))).replace(/^-0$/, "0")
    const y = card.classes.length ? { y: String(this.y ?? 0) } : {}
    return { model: card.name, z: Array.from(z, short).join(","), ...y }
  }
}

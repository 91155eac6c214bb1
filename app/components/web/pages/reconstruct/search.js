// A model without an encoder: its latent is searched for by gradient descent, a few steps a request, in plain sight.

import { telling } from "../../core/slot.js"
import { MAX_STEPS } from "../../core/verbs.js"
import { Chart, linear } from "../../charts/chart.js"
import { decoded } from "../../pixels/sheet.js"
import { button, element } from "../../source/parts.js"
import { figure, image } from "../../pixels/measure.js"
import { Tile } from "./tile.js"
import { shown } from "../../source/sourceState.js"
import { state } from "./state.js"

const PACE = 180 // milliseconds that a request may take, so that the picture visibly moves and others get their turn
const ENOUGH = 400
const CURVE = { width: 176, height: 44 }

export class Search {
  since = 0 // when it was asked last

  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(card, channel, on) {
    this.card = card
    this.on = on
    this.going = false
    this.steps = 2
    this.target = null
    state.searches[card.name] ??= { state: null, losses: [], target: null }
    this.tile = new Tile(card, "has no encoder", on)
    this.slot = channel.slot(`invert-${card.name}`)
    this.run = button("Search", "Look for the latent whose picture comes closest", () => this.toggle())
    this.over = button("Start over", "Forget what was found", () => this.forget())
    this.progress = element("progress", { max: ENOUGH, value: 0, "aria-label": `Steps of the search in ${card.title}` })
    this.says = element("p", { class: "zt-rec-words", role: "status" })
    this.curve = element("canvas", { class: "zt-rec-curve", role: "img", "aria-label": "Pixel error by step" })
    this.chart = new Chart(this.curve)
    if (card.classes.length) this.tile.askClass(() => this.retell(), false)
    this.tile.extra.append(
      this.curve,
      this.progress,
      this.says,
      element("div", { class: "zt-rec-line" }, this.run, this.over),
    )
    this.paint()
  }

  get found() {
    return state.searches[this.card.name]
  }

  get done() {
    return this.found.state ? this.found.state.at(-1) : 0
  }

  /** What is to be found now. A search under way turns to it; one at rest says that its find is of another picture. */
  aim(seen, settled) {
    this.target = seen
    const other = !same(seen, this.found.target)
    this.tile.element.classList.toggle("zt-rec-stale", other && this.found.state !== null)
    if (settled && other && this.going) this.turn()
    this.paint()
  }

  toggle() {
    if (this.going) return this.stop()
    if (!this.target) return
    this.going = true
    if (!same(this.target, this.found.target)) this.turn()
    else if (this.done >= ENOUGH) this.forget()
    this.ask()
    this.paint()
  }

  stop() {
    this.going = false
    this.paint()
  }

  /** Go on from the latent that was found, towards another picture. */
  turn() {
    this.found.state?.fill(0, this.card.latent)
    Object.assign(this.found, { target: this.target, title: shown()?.title ?? "", losses: [] })
  }

  /** Go on in another class. */
  retell() {
    this.turn()
    this.tile.element.classList.toggle("zt-rec-stale", this.found.state !== null)
    this.paint()
  }

  forget() {
    Object.assign(this.found, { state: null, losses: [], target: this.target, title: shown()?.title ?? "" })
    this.paint()
  }

  ask() {
    const { card } = this
    const { target } = this.found
    this.found.state ??= new Float32Array(3 * card.latent + 1)
    const y = (this.found.y = card.classes.length ? (state.classes[card.name] ?? 0) : undefined)
    this.since = performance.now()
    /** @type {import("../../core/verbs.js").Operation} */
    const operation = { verb: "invert", model: card.name, rows: 1, steps: this.steps, y }
    this.slot
      .ask(operation, [target, this.found.state], decoded)
      .then((answer) => this.take(answer, target))
      .catch(telling((sentence) => this.fail(sentence)))
  }

  take({ results: [result], made: [made] }, target) {
    const milliseconds = (performance.now() - this.since) / result.losses.length
    this.steps = Math.max(1, Math.min(MAX_STEPS, Math.round(PACE / milliseconds)))
    // It may have turned meanwhile.
    if (!same(target, this.found.target) || !this.found.state) return this.going && this.ask()
    this.found.state = result.state
    this.found.losses.push(...result.losses)
    this.tile.show(made, image(target, this.card.shape), result.state.subarray(0, this.card.latent), {
      ms: { model: milliseconds },
      y: this.found.y,
      title: this.found.title,
    })
    this.tile.element.classList.toggle("zt-rec-stale", !same(target, this.target)) // it may have been left for another
    this.tile.values.latency.textContent = `${milliseconds.toFixed(0)} ms a step`
    this.tile.element.dataset.steps = this.done
    this.rate = 1000 / milliseconds
    if (this.done >= ENOUGH) this.going = false
    if (this.going) this.ask()
    else this.on.found(this)
    this.paint()
  }

  fail(sentence) {
    this.going = false
    this.tile.trouble(sentence)
    this.paint()
  }

  paint() {
    const { losses, target } = this.found
    const fresh = same(target, this.target)
    this.progress.value = this.done
    this.run.textContent = this.going ? "Stop" : this.done && fresh && this.done < ENOUGH ? "Go on" : "Search"
    this.over.disabled = !this.done
    const best = losses.length ? `, error ${figure(losses.at(-1))}` : ""
    const speed = this.going && this.rate ? `, ${this.rate.toFixed(0)} a second` : ""
    this.says.textContent = !this.done
      ? "Not searched yet."
      : `${fresh || this.going ? "" : "Of an earlier picture: "}${this.done} steps${best}${speed}.`
    this.draw(losses)
  }

  /** The error by step, on a logarithmic scale. */
  draw(losses) {
    this.chart.fit(CURVE.width, CURVE.height)
    if (losses.length < 2) return
    const logs = losses.map((loss) => Math.log(Math.max(loss, 1e-6)))
    const [low, high] = [Math.min(...logs), Math.max(...logs)]
    const x = linear([0, Math.max(losses.length - 1, 60)], [0, CURVE.width])
    const y = linear([low, Math.max(high, low + 1e-9)], [CURVE.height - 2, 2])
    this.chart.line(
      logs.map((log, i) => [x(i), y(log)]),
      { colour: "--accent", width: 1.5 },
    )
  }
}

const same = (first, second) =>
  first !== null && second !== null && first.length === second.length && first.every((byte, i) => byte === second[i])

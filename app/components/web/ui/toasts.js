// Sentences for the person: some pass by, some stay as long as what they tell of.

import "./dialogs.js"
import { element } from "./element.js"

const SHOWN = 1500 // milliseconds that a sentence stays at least: one that flashes by worries more than it tells
const LINE = "Reconnecting… the picture stays as it is."
const ENGINE = {
  starting: "The engine is starting…",
  restarting: "The engine is restarting… the picture stays as it is.",
  lost:
    "The engine stopped and could not be started again. The picture stays as it is; your next gesture " +
    "tries once more.",
}

export class Toasts {
  constructor() {
    this.held = new Map()
    this.passing = []
    this.timers = {}
    this.element = element("div", { class: "zt-notice", role: "status", "aria-live": "polite", hidden: true })
  }

  /**
   * Say a sentence for some milliseconds; an action becomes a button beside it.
   *
   * @param {string} sentence
   * @param {number} [wait]
   * @param {{text: string, act: () => void} | null} [action]
   */
  say(sentence, wait = 5000, action = null) {
    const button =
      action &&
      element(
        "button",
        { type: "button", class: "zt-notice-act", onclick: () => (this.quiet(), action.act()) },
        action.text,
      )
    this.passing = [element("p", {}, sentence, button)]
    this.paint()
    clearTimeout(this.timers.passing)
    this.timers.passing = setTimeout(() => this.quiet(), wait)
  }

  quiet() {
    this.passing = []
    this.paint()
  }

  /** Say a sentence until it is released, unless that happens within `after` milliseconds. */
  hold(kind, sentence, after = 0) {
    clearTimeout(this.timers[kind])
    const show = () => {
      if (this.held.get(kind)?.sentence !== sentence) this.held.set(kind, { sentence, since: performance.now() })
      this.paint()
    }
    if (after && !this.held.has(kind)) this.timers[kind] = setTimeout(show, after)
    else show()
  }

  /** Take a sentence back at once: what it told of has been ended by the person. */
  drop(kind) {
    clearTimeout(this.timers[kind])
    this.held.delete(kind)
    this.paint()
  }

  release(kind) {
    clearTimeout(this.timers[kind])
    const shown = this.held.get(kind)
    if (!shown) return
    const drop = () => {
      this.held.delete(kind)
      this.paint()
    }
    this.timers[kind] = setTimeout(drop, Math.max(0, SHOWN - (performance.now() - shown.since)))
  }

  paint() {
    const lasting = [...this.held.values()].map(({ sentence }) => element("p", {}, sentence))
    const all = [...lasting, ...this.passing]
    if (all.length) this.element.replaceChildren(...all)
    this.element.hidden = !all.length
  }

  // What the live channel tells

  line(state, why) {
    if (state === "open") this.release("line")
    else if (why) this.hold("line", why)
    else if (!this.held.has("line")) this.hold("line", LINE, 600)
  }

  engine(state) {
    if (state === "ready") this.release("engine")
    else this.hold("engine", ENGINE[state] ?? ENGINE.restarting, state === "starting" ? 400 : 0)
  }

  close() {
    Object.values(this.timers).forEach(clearTimeout)
  }
}

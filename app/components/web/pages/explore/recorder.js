// Records a gesture: every latent that the view comes to, and when, until it is stopped; Morph plays it as a path.

import { visit } from "../../core/address.js"
import { thinned } from "./recording.js"
import { linkTo } from "../../core/share.js"
import { same } from "../../latent/view.js"

const LONGEST = 60 // seconds, as of any path
const STILL = 60 // milliseconds without a change after which the hand has rested
const FRAME = 16

export class Recorder {
  /** @type {any} */ card

  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
    this.samples = null
    this.before = null
    this.found = null
    this.timer = 0
    this.paint()
  }

  toggle() {
    this.samples ? this.stop() : this.start()
  }

  start() {
    const { view, toasts } = this.explorer
    Object.assign(this, { samples: [], before: view.snapshot(), card: view.card })
    this.timer = setTimeout(() => this.stop(), 1000 * LONGEST)
    toasts.hold(
      "record",
      `Recording. Drag over the plane or move the sliders, then press Record again (G); ${LONGEST} seconds at most.`,
    )
    this.paint()
  }

  /** The view has come to a latent. */
  note(view) {
    if (!this.samples) return
    const last = this.samples.at(-1)
    const now = { at: performance.now(), ...view.snapshot() }
    if (same(now, last ?? this.before)) return
    if (last && now.at - last.at > STILL) this.samples.push({ ...last, at: now.at - FRAME })
    this.samples.push(now)
  }

  stop() {
    if (!this.samples) return
    const { samples, card } = this
    clearTimeout(this.timer)
    this.samples = null
    this.explorer.toasts.drop("record")
    if (samples.length < 2)
      this.explorer.toasts.say(
        "Nothing moved while it recorded. Press Record, then drag over the plane or move a slider.",
        8000,
      )
    else this.take(card, thinned(samples, card.axes))
    this.paint()
  }

  take({ name }, { keys, seconds }) {
    const when = (i) => `${((i * seconds) / (keys.length - 1)).toFixed(1)} s`
    const settings = { way: "linear", easing: "steady", pace: "time", loop: false, seconds, fps: 30 }
    this.found = {
      model: name,
      settings,
      keys: keys.map((key, i) => ({ ...key, origin: { kind: "latent", seed: null, truncation: null, name: when(i) } })),
    }
    this.explorer.toasts.say(`Recorded ${seconds} seconds as ${keys.length} key pictures.`, 8000)
  }

  /** Leave the gesture for Morph, and have Morph opened. */
  send() {
    const { persistence, page } = this.explorer
    if (!this.found) return
    persistence.hand(this.found)
    visit(linkTo(page, { model: this.found.model }, "morph"))
  }

  /** Another model is shown: what was recorded of the one before ends here. */
  leave() {
    this.stop()
    this.paint()
  }

  paint() {
    const { parts, card } = this.explorer
    parts.record.setAttribute("aria-pressed", this.samples !== null)
    parts.morph.hidden = this.samples !== null || this.found?.model !== card?.name || !this.found
  }

  close() {
    clearTimeout(this.timer)
  }
}

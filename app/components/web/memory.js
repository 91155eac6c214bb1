// What a person made here, kept on the server under this tab's token, so that a reload, a lost network or a restarted
// server takes nothing away.

import { token } from "./token.js"

const VERSION = 1
const LIMIT = 48 << 10 // bytes of one view
const PACE = 1000 // milliseconds between two keeps while a hand moves

let latest = null // what was kept or recalled last; it lives as long as the page, through all changes of page within
const known = new Set() // the pages within whose parts of it this browser's page has made

export class Memory {
  /** `compose()` gives the fields to be kept, beside those of other pages; `onRecalled(body, here)` gets what was kept before, or null, and whether `part` kept something in this very page. */
  constructor(channel, compose, onRecalled, part = "explore") {
    Object.assign(this, { compose, onRecalled, part, timer: 0, open: false, handed: {} })
    this.keeps = channel.slot("keep", () => {})
    this.recalls = channel.slot("recall", ({ view }) => this.recalled(view, false), () => this.recalled(null, false))
    this.hide = () => document.hidden && this.now()
    this.leave = () => this.now()
    document.addEventListener("visibilitychange", this.hide)
    window.addEventListener("pagehide", this.leave)
  }

  /** Ask for what was kept; nothing is kept until that is known. */
  recall() {
    if (latest) this.recalled(latest, known.has(this.part))
    else this.recalls.put({ op: "recall", token: token.before })
  }

  recalled(view, here) {
    this.open = true
    if (view?.version === VERSION) latest ??= view
    this.onRecalled(latest, here)
    if (this.handed.handed) this.now()
  }

  /** Leave something for Morph, which takes it as it opens: {model, keys, settings}, where keys without settings join those there. */
  hand(handed) {
    this.handed = { handed }
    this.now()
  }

  /** Keep it now: a gesture has ended. */
  now() {
    clearTimeout(this.timer)
    this.timer = 0
    if (!this.open) return
    known.add(this.part)
    latest = fitting({ ...latest, version: VERSION, ...this.compose(), ...this.handed })
    this.handed = {}
    this.keeps.put({ op: "keep", token: token.value, view: latest })
  }

  /** Keep it within a second: a hand is moving. */
  soon() {
    this.timer ||= setTimeout(() => this.now(), PACE)
  }

  close() {
    clearTimeout(this.timer)
    document.removeEventListener("visibilitychange", this.hide)
    window.removeEventListener("pagehide", this.leave)
  }
}

const size = (body) => new TextEncoder().encode(JSON.stringify(body)).length

/** The body without so much of its history, then of other models, that it keeps within the limit. */
export function fitting(body, limit = LIMIT) {
  const fit = structuredClone(body)
  while (fit.past?.length > 1 && size(fit) > limit) {
    const part = Math.ceil(fit.past.length / 4)
    if (fit.at < part) fit.past.splice(-part)
    else {
      fit.past.splice(0, part)
      fit.at -= part
    }
  }
  for (const others of [fit.views, fit.bookmarks, fit.directions ?? {}]) {
    for (const name of Object.keys(others ?? {})) if (name !== fit.model && size(fit) > limit) delete others[name]
  }
  return fit
}

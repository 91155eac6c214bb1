// What a person made here, kept on the server under this tab's token, so that a reload, a lost network or a restarted
// server takes nothing away.

import { telling } from "./slot.js"
import { token } from "./token.js"

const VERSION = 1
const LIMIT = 48 << 10 // bytes of one view
const PATHS = 20 << 10 // of them for the paths of Morph
const NAMED = 3 // things that are lost and named; more are counted
const PACE = 1000 // milliseconds between two keeps while a hand moves

// What was kept or loaded last, whole; it lives as long as the page, through all changes of page within
/** @type {Record<string, any> | null} */
let latest = null
let said = "" // what was said last of things that cannot be kept
const known = new Set() // the pages within whose parts of it this browser's page has made

export class Persistence {
  /**
   * `on.compose()` gives the fields to be kept, beside those of other pages; `on.loaded(body, here)` gets what was
   * kept before, or null, and whether `part` kept something in this very page; `on.say(sentence)` tells of what cannot
   * be kept.
   *
   * @param {import("./channel.js").Channel} channel
   */
  constructor(channel, part, on) {
    this.part = part
    this.on = on
    this.timer = 0
    this.open = false
    this.handed = {}
    this.saves = channel.slot("keep")
    this.loads = channel.slot("recall")
    this.hide = () => document.hidden && this.now()
    this.leave = () => this.now()
    document.addEventListener("visibilitychange", this.hide)
    window.addEventListener("pagehide", this.leave)
  }

  /** Ask for what was kept; nothing is kept until that is known. */
  load() {
    if (latest) this.loaded(latest, known.has(this.part))
    else this.ask()
  }

  async ask() {
    const answer = await this.loads.put({ op: "recall", token: token.before }).catch(() => null)
    this.loaded(answer?.view ?? null, false)
  }

  loaded(view, here) {
    this.open = true
    if (view?.version === VERSION) latest ??= view
    this.on.loaded(latest, here)
    if (this.handed.handed) this.now()
  }

  /**
   * Leave something for Morph, which takes it as it opens: {model, keys, settings}, where keys without settings join
   * those there.
   */
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
    latest = { ...latest, version: VERSION, ...this.on.compose(), ...this.handed }
    this.handed = {}
    const { view, lost } = fitting(latest)
    this.saves.put({ op: "keep", token: token.value, view }).catch(telling(this.on.say))
    this.tell(lost)
  }

  /** Say what a reload would take away, once. */
  tell(lost) {
    const more = lost.length > NAMED ? [`${lost.length - NAMED} more`] : []
    const all = [...lost.slice(0, NAMED), ...more].join(", ")
    if (all && all !== said) this.on.say(`There is more here than can be kept: a reload would lose ${all}.`)
    said = all
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

/**
 * The view that is within the limit, without paths, then steps back, then things of other models that it has no room
 * for; and these in words.
 */
export function fitting(body, limit = LIMIT) {
  const fit = structuredClone(body)
  const lost = shortened(fit)
  const steps = fit.past?.length
  while (fit.past?.length > 1 && size(fit) > limit) {
    const part = Math.ceil(fit.past.length / 4)
    if (fit.at < part) fit.past.splice(-part)
    else {
      fit.past.splice(0, part)
      fit.at -= part
    }
  }
  if (fit.past?.length < steps) lost.push("the oldest steps back in Explore")
  for (const [what, others] of [
    ["how one left", fit.views],
    ["bookmarks of", fit.bookmarks],
    ["directions of", fit.directions],
  ]) {
    for (const name of Object.keys(others ?? {})) {
      if (name === fit.model || size(fit) <= limit) continue
      delete others[name]
      lost.push(`${what} ${name}`)
    }
  }
  return { view: fit, lost }
}

/** Take away the paths of Morph for which there is no room; they come in the order of their worth. */
function shortened({ morph }) {
  const kept = {}
  const lost = []
  for (const [name, path] of Object.entries(morph?.paths ?? {})) {
    if (size({ ...kept, [name]: path }) <= PATHS) kept[name] = path
    else lost.push(`Morph's path of ${name}, unless it is saved as a file`)
  }
  if (morph) morph.paths = kept
  return lost
}

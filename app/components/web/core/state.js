// The state of a page: a table of rows, state.json beside the page's modules, which app/views/state.py reads too. From
// the rows come a signal for each field, the link, what is kept and how it comes back, and Back.
//
// A row has a `name`, a `type`, a `default`, and says whether the field is in the `link`, is `kept`, and whether
// another value of it begins an entry of the `history`; `reruns` are those of which Streamlit is told, since what it
// sends depends on them: each run sends the whole page. `low`, `high`, `choices` and `most` bound a field.

import { batch, effect, signal, untracked } from "../vendor/signals.js"
import { here, mark, search, write } from "./address.js"

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {string} type
 * @property {any} default
 * @property {boolean} [link]
 * @property {boolean} [kept]
 * @property {boolean} [history]
 * @property {boolean} [reruns]
 * @property {number} [low]
 * @property {number} [high]
 * @property {number} [most]
 * @property {string[]} [choices]
 */
/** @typedef {{query: Record<string, string>, view: Record<string, any>, notices: string[]}} Asked */

const number = (value, { low = -Infinity, high = Infinity }) => Number.isFinite(value) && value >= low && value <= high
const whole = (value, row) => Number.isInteger(value) && number(value, row)
const seed = (value) => whole(value, { low: 0, high: 2 ** 32 - 1 })
const text = (value) => typeof value === "string"
const listOf = (is) => (value, row) => Array.isArray(value) && value.length <= (row.most ?? Infinity) && value.every(is)

/** By type, whether a value is one. */
const IS = {
  number,
  whole,
  seed,
  seeds: (value, row) => listOf(seed)(value, row) && value.length > 0,
  class: (value) => value === null || whole(value, { low: 0 }),
  flag: (value) => typeof value === "boolean",
  latent: listOf(Number.isFinite),
  axes: listOf(Number.isInteger),
  choice: (value, { choices = [] }) => choices.includes(value),
  text,
  texts: listOf(text),
  model: text,
  models: listOf(text),
  source: text,
  strangers: text,
  sources: listOf(text),
  object: (value) => value !== null && typeof value === "object",
}

const written = (value) => (Array.isArray(value) ? value.join(",") : String(value ?? ""))
const equal = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
const sorted = (query) => said(query).sort(([one], [other]) => (one < other ? -1 : 1))
const said = (query) => Object.entries(query).filter(([, value]) => value !== "")

const [PAUSE, LONGEST] = [1500, 24_000] // milliseconds; Streamlit's own reconnection takes about one second

class State {
  /** @type {Record<string, string> | null} the address with which the fields agree */ wrote = null
  /** @type {Record<string, any> | null} what the entry of the history is marked with */ marked = null
  told = ""
  /** @type {(name: string, value: any) => void} */ send = () => {}

  /**
   * @param {string} page
   * @param {Row[]} rows
   */
  constructor(page, rows) {
    this.page = page
    this.rows = rows
    this.linked = rows.filter(({ link }) => link)
    this.keeping = rows.filter(({ kept }) => kept)
    for (const row of rows) {
      const field = signal(structuredClone(row.default))
      const [get, set] = [() => field.value, (value) => (field.value = value)]
      Object.defineProperty(this, row.name, { get, set, enumerable: true })
    }
  }

  /** Call `hear` whenever one of the fields has another value, at once the first time; returns how to stop. */
  watch(names, hear) {
    return effect(() => {
      for (const name of names) void this[name]
      untracked(() => void hear())
    })
  }

  /** Give some fields values at once; what is no field of this page is left out. */
  set(values) {
    const known = this.rows.filter(({ name }) => name in values)
    batch(() => known.forEach(({ name }) => (this[name] = values[name])))
  }

  // The link

  /** What the address carries, as strings. */
  link() {
    const fields = this.linked.map(({ name }) => [name, written(this[name])])
    return Object.fromEntries(fields.filter(([, value]) => value !== ""))
  }

  /**
   * Whether what Streamlit has read is the address as it stands, and not one that the page itself has written; a bare
   * address says nothing once there is something to be seen.
   *
   * @param {Asked} asked
   */
  news({ query }) {
    if (!here(this.page) || !equal(query, this.address())) return false
    clearTimeout(this.timer)
    return this.wrote === null || (Object.keys(query).length > 0 && !equal(query, this.wrote))
  }

  /**
   * Take over what an address says.
   *
   * @param {Asked} asked
   */
  take({ query, view }) {
    this.wrote = query
    this.set(view)
    this.marked = this.snapshot()
    mark(this.marked)
    this.told = this.telling() // Streamlit has just told it us
  }

  /**
   * Write the link into the address. Streamlit is told where a field that it has to know, or `key`, is another than it
   * knows; `more` goes beside it. An address that has not been read yet stays.
   */
  write(more = {}, key = "") {
    const link = this.link()
    const told = this.telling(key)
    if (!here(this.page) || this.unread() || (told === this.told && equal(link, this.address()))) return
    const step = this.rows.some(({ name, history }) => history && this.marked && this.marked[name] !== this[name])
    this.marked = this.snapshot()
    write(this.page, link, step, this.marked)
    this.wrote = link
    if (told === this.told) return
    this.told = told
    this.send("view", { ...link, ...more, at: Date.now() }) // what was told before Back is news again
  }

  /**
   * Ask Streamlit for an address that the page cannot show alone; it is news when it comes. `step`: Back leads to what
   * is shown now.
   */
  ask(query, step = true) {
    write(this.page, query, step)
    this.insist()
  }

  tell() {
    this.send("view", { ...search(), at: Date.now() })
  }

  /** Tell Streamlit the address, and again, after pauses that double, until it says the same. */
  insist() {
    clearTimeout(this.timer)
    this.tell()
    const again = (pause) => {
      this.timer = setTimeout(() => {
        if (!here(this.page)) return
        this.tell()
        if (pause < LONGEST) again(2 * pause)
      }, pause)
    }
    again(PAUSE)
  }

  /** Whether the address says what has not been read yet: Back was pressed in the middle of a gesture. */
  unread() {
    const there = this.address()
    return !this.wrote || (Object.keys(there).length > 0 && !equal(there, this.wrote))
  }

  /** What Streamlit has to know, as one string; "" where that is nothing. */
  telling(key = "") {
    const fields = this.rows.filter(({ reruns }) => reruns).map(({ name }) => written(this[name]))
    return [...fields, key].join("&")
  }

  /** What the address says of the fields. */
  address() {
    const there = Object.entries(search()).filter(([name]) => this.linked.some((row) => row.name === name))
    return Object.fromEntries(there)
  }

  // Back

  /** The fields that an address stands for, with which its entry of the history is marked. */
  snapshot() {
    return Object.fromEntries(this.linked.map(({ name }) => [name, structuredClone(this[name])]))
  }

  /** Whether a snapshot is one of this page, and says something else than what is shown. */
  leads(snapshot) {
    const ours = Boolean(snapshot) && this.linked.every((row) => this.fits(row, snapshot[row.name]))
    return ours && JSON.stringify(snapshot) !== JSON.stringify(this.snapshot())
  }

  /** Take the snapshot of an entry that Back has entered. */
  enter(snapshot) {
    this.set(snapshot)
    this.marked = snapshot
    this.wrote = this.address()
    this.told = ""
  }

  // What is kept

  fits(row, value) {
    return JSON.stringify(value) === JSON.stringify(row.default) || Boolean(IS[row.type](value, row))
  }

  /** The fields that are kept. */
  kept() {
    return Object.fromEntries(this.keeping.map(({ name }) => [name, this[name]]))
  }

  /** Take what was kept; what no longer fits is left as it is, and named in a sentence. */
  restore(kept, say = /** @type {(sentence: string) => void} */ (() => {})) {
    const there = this.keeping.filter(({ name }) => kept?.[name] !== undefined)
    const strange = there.filter((row) => !this.fits(row, kept[row.name]))
    const names = strange.map(({ name }) => name).join(", ")
    if (names) say(`What was kept of ${names} does not fit and is left out.`)
    const good = there.filter((row) => !strange.includes(row))
    this.set(Object.fromEntries(good.map(({ name }) => [name, kept[name]])))
  }
}

/**
 * The state of a page, with a property for each row.
 *
 * @param {string} page
 * @param {Row[]} rows
 * @returns {State & Record<string, any>}
 */
export const stateOf = (page, rows) => new State(page, rows)

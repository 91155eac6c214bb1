// Did the model learn its training pictures by heart? Those nearest to the frame at rest, and how far all frames lie
// from theirs, beside how far pictures do that the model has never seen.

import { telling } from "../../core/slot.js"
import { MAX_OPERATIONS } from "../../core/verbs.js"
import { settle } from "../../ui/element.js"
import { decodedEach } from "../../pixels/sheet.js"
import { Nearby } from "./nearby.js"

const REST = 300 // milliseconds without another frame after which the path is at rest
const MOST = 96 // frames and held-out pictures that are measured
const RAW = 64 << 10 // bytes of a result up to which its pictures come exactly as they are
const MESSAGE = 900_000 // bytes of pictures that one message may hold

export class Near {
  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(channel, parts, player) {
    this.parts = parts
    this.player = player
    this.walk = null
    this.path = null
    this.model = null
    const trouble = () => this.say()
    this.rows = [new Nearby(channel, "pixels", trouble), new Nearby(channel, "features", trouble)]
    parts.nearRows.replaceChildren(...this.rows.map(({ element }) => element))
    this.slots = { path: channel.slot("near-path"), held: channel.slot("near-held") }
    this.later = settle(() => this.look(), REST)
    parts.near.addEventListener("toggle", () => {
      if (parts.near.open) parts.near.scrollIntoView({ block: "nearest" })
      this.look()
    })
  }

  /** Take a path that is new or has changed. */
  open(walk) {
    this.walk = walk
    const { name, judge, data } = walk.card
    if (name !== this.model) {
      this.model = name
      this.heldOf = null
      this.rows[0].open(name, "")
      this.rows[1].open(judge, `There is no classifier of ${data} here, so there are no features to compare by.`)
    }
    this.later()
  }

  /** Look for the neighbours of the frame that is shown, and measure what has not been measured. */
  look() {
    const { parts, player, walk } = this
    if (!parts.near.open) return
    this.say()
    if (player.playing || !walk.ready || player.shown?.model !== walk.card.name) return
    const shown = bytesOf(player.shown.image, walk.card.shape[0])
    for (const row of this.rows) row.find(shown)
    if (this.path !== walk.path) this.askPath()
    if (this.heldOf !== walk.card.name) this.askHeld()
  }

  // How far all of them lie

  /** How many pictures can be measured at a time, in how many an operation. */
  get counts() {
    const size = this.walk.card.shape.reduce((product, side) => product * side, 1)
    const count = Math.min(
      MOST,
      MAX_OPERATIONS * Math.max(1, Math.floor(RAW / size)),
      Math.max(1, Math.floor(MESSAGE / size)),
    )
    return { count, each: Math.ceil(count / MAX_OPERATIONS) }
  }

  askPath() {
    const { walk } = this
    const { count, each } = this.counts
    this.path = walk.path
    const times = Array.from({ length: count }, (_, i) => i / (walk.settings.loop ? count : Math.max(1, count - 1)))
    const operation = (part) => ({
      verb: "decode",
      model: walk.card.name,
      rows: part.length,
      y: walk.card.classes.length ? part.map((time) => walk.y(time)) : undefined,
    })
    this.measure(
      "path",
      inParts(times, each).map((part) => ({
        operation: operation(part),
        rows: part.map((time) => walk.path.at(time)),
      })),
    )
  }

  askHeld() {
    const { name } = this.walk.card
    const { count, each } = this.counts
    this.heldOf = name
    const seeds = Array.from({ length: count }, (_, seed) => seed)
    this.measure(
      "held",
      inParts(seeds, each).map((part) => ({ operation: { verb: "pictures", model: name, seeds: part } })),
    )
  }

  /** Have the pictures that some operations give measured. */
  measure(what, asked) {
    const { card } = this.walk
    this.slots[what]
      .askAll(asked, decodedEach)
      .then(({ made }) => card === this.walk.card && this.compare(what, made.flat().filter(Boolean), card.shape[0]))
      .catch(telling((sentence) => this.fail(sentence)))
  }

  compare(what, images, channels) {
    const all = images.map((image) => bytesOf(image, channels))
    for (const row of this.rows) row.measure(what, all)
  }

  // What is said

  fail(sentence) {
    for (const row of this.rows) row.fail(sentence)
    this.path = this.heldOf = null // to be asked again
  }

  say() {
    const { parts, player, walk, rows } = this
    const waiting = !walk.ready
      ? "A path needs two key pictures."
      : player.playing
        ? "Pause, and the training pictures nearest to that frame are looked up."
        : ""
    parts.nearSays.textContent = [...new Set([waiting, ...rows.map(({ trouble }) => trouble)])]
      .filter(Boolean)
      .join(" ")
  }

  /** Ask for everything again: while the engine was away, requests may have failed. */
  again() {
    this.path = this.heldOf = null
    this.later()
  }

  close() {
    this.later.cancel()
  }
}

const inParts = (all, each) =>
  Array.from({ length: Math.ceil(all.length / each) }, (_, i) => all.slice(i * each, (i + 1) * each))

/** A picture as the models take it: its grey, or red, green and blue. */
const bytesOf = ({ data }, channels) =>
  Uint8Array.from(data.filter((_, at) => (channels === 3 ? at % 4 < 3 : at % 4 === 0)))

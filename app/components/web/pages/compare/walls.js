// All walls in lock-step: asked for in as few messages as the wire allows, drawn together once the last has come.

import { Newest, Unanswered, telling } from "../../core/slot.js"
import { MAX_OPERATIONS, MAX_ROWS } from "../../core/verbs.js"
import { sheet } from "../../pixels/sheet.js"
import { seeds, view } from "./view.js"

const PATIENCE = 10000 // milliseconds that a picture of the walls waits for them

export class Walls {
  /**
   * `on.drawn(spent)` hears that all columns show the newest request, so many milliseconds after it.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, on) {
    this.channel = channel
    this.on = on
    this.newest = new Newest()
    this.slots = []
    this.waiting = null
  }

  /** Ask every column for the seeds; `more(column)` gives what its operation says beside them. */
  ask(columns, more) {
    const wanted = seeds()
    const each = Math.max(1, Math.min(MAX_OPERATIONS, Math.floor(MAX_ROWS / wanted.length)))
    const parts = Array.from({ length: Math.ceil(columns.length / each) }, (_, i) =>
      columns.slice(i * each, (i + 1) * each),
    )
    const asked = performance.now()
    columns.forEach((column) => (column.fresh = false))
    this.waiting ??= Promise.withResolvers()
    this.slots.slice(parts.length).forEach((slot) => slot.drop())
    const walls = parts.map((part, i) =>
      this.part(this.slot(i), part, (column) => ({ seeds: wanted, ...more(column) })),
    )
    this.newest
      .of(Promise.all(walls))
      .then((all) => this.finish(all.flat(), asked))
      .catch(telling())
  }

  slot(i) {
    return (this.slots[i] ??= this.channel.slot(`walls-${i}`))
  }

  /** The walls of some columns that come in one answer: {column, result, sheet} each, or {column, trouble}. */
  async part(slot, columns, more) {
    const asked = columns.map((column) => ({ operation: { verb: "wall", model: column.name, ...more(column) } }))
    try {
      const { results, made } = await slot.askAll(asked, sheets)
      return columns.map((column, i) => ({
        column,
        result: results[i],
        sheet: made[i],
        trouble: results[i].error ?? null,
      }))
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error
      return columns.map((column) => ({ column, trouble: error.message }))
    }
  }

  finish(walls, asked) {
    for (const { column, result, sheet: all, trouble } of walls) {
      column.trouble(trouble)
      if (trouble) continue
      column.wall.draw({ result, all }, view.soft, view.cell)
      column.timed(result.ms)
    }
    this.done()
    const ms = new Map(walls.filter(({ result }) => result?.ms).map(({ column, result }) => [column, result.ms]))
    this.on.drawn(performance.now() - asked, { ms })
  }

  done() {
    this.waiting?.resolve()
    this.waiting = null
  }

  /** Wait until all columns show what was asked for last, but not for ever. */
  async rest() {
    await Promise.race([this.waiting?.promise, new Promise((patience) => setTimeout(patience, PATIENCE))])
  }

  drop() {
    this.done()
    this.slots.forEach((slot) => slot.drop())
  }
}

const sheets = ({ results }) => Promise.all(results.map((result) => (result.error ? null : sheet(result))))

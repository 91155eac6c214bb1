// All walls in lock-step: asked for in as few messages as the wire allows, drawn together once the last has come.

import { PANELS, seeds, view } from "./view.js"

const ROWS = 1024 // of one message, as app/server/websocket.py says
const PATIENCE = 10000 // milliseconds that a picture of the walls waits for them

export class Walls {
  /** `on.drawn(spent)` hears that all columns show the newest request, so many milliseconds after it. */
  constructor(channel, on) {
    this.channel = channel
    this.on = on
    this.turn = 0
    this.slots = []
    this.waiting = null
  }

  /** Ask every column for the seeds; `panel(column)` gives what its panel says beside them. */
  ask(columns, panel) {
    const wanted = seeds()
    const each = Math.max(1, Math.min(PANELS, Math.floor(ROWS / wanted.length)))
    const parts = Array.from({ length: Math.ceil(columns.length / each) }, (_, i) =>
      columns.slice(i * each, (i + 1) * each),
    )
    const turn = {
      number: ++this.turn,
      asked: performance.now(),
      open: parts.length,
      columns,
      sheets: new Map(),
      ms: new Map(),
    }
    columns.forEach((column) => (column.fresh = false))
    this.waiting ??= Promise.withResolvers()
    this.slots.slice(parts.length).forEach((slot) => slot.drop())
    parts.forEach((part, i) => {
      const panels = part.map((column) => ({
        panel: { verb: "wall", model: column.name, seeds: wanted, ...panel(column) },
      }))
      this.slot(i).askAll(panels, { turn, part })
    })
  }

  slot(i) {
    this.slots[i] ??= this.channel.slot(
      `walls-${i}`,
      (answer) => this.take(answer),
      (sentence, note) => this.fail(sentence, note),
    )
    return this.slots[i]
  }

  async take({ panels, note: { turn, part } }) {
    const sheets = panels.map((panel, i) => (panel.error ? null : part[i].wall.take(panel)))
    panels.forEach((panel, i) => panel.error && turn.sheets.set(part[i], panel.error))
    for (let i = 0; i < panels.length; i++) {
      if (!sheets[i]) continue
      turn.sheets.set(part[i], await sheets[i])
      turn.ms.set(part[i], panels[i].ms)
    }
    this.finish(turn)
  }

  fail(sentence, note) {
    if (!note) return
    note.part.forEach((column) => note.turn.sheets.set(column, sentence))
    this.finish(note.turn)
  }

  finish(turn) {
    if (--turn.open || turn.number !== this.turn) return
    for (const [column, sheet] of turn.sheets) {
      if (typeof sheet === "string") column.trouble(sheet)
      else {
        column.trouble(null)
        column.wall.draw(sheet, view.soft, view.cell)
        column.timed(turn.ms.get(column))
      }
    }
    this.done()
    this.on.drawn(performance.now() - turn.asked, turn)
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
    this.turn++
    this.done()
    this.slots.forEach((slot) => slot.drop())
  }
}

// One line of questions on the live channel: one request in flight, and of those asked meanwhile only the newest.

/**
 * @typedef {object} Request
 * @property {object} header
 * @property {ArrayBufferView[]} rows typed arrays, one after the other
 * @property {any} note handed back with the answer
 * @property {number} refusals
 * @property {number} [id] once it is sent
 * @property {number} [sent] milliseconds
 * @property {boolean} [stale] whether its answer is not wanted any more
 */

const REFUSALS = 2 // times that the server may close its socket on a request before it is given up

export class Slot {
  /** @type {Request | null} */ flying = null
  /** @type {Request | null} */ waiting = null

  constructor(channel, name, onAnswer, onError) {
    this.channel = channel
    this.name = name
    this.onAnswer = onAnswer
    this.onError = onError
  }

  /**
   * Ask for one panel: its fields, its typed arrays one after the other, and anything to be handed back with the
   * answer.
   *
   * @param {object} panel
   * @param {any} [rows] a typed array, or several
   * @param {any} [note]
   */
  ask(panel, rows = null, note = null) {
    this.askAll([{ panel, rows }], note)
  }

  /**
   * Ask for several panels that come back in one answer.
   *
   * @param {{panel: object, rows?: any}[]} asked
   * @param {any} [note]
   */
  askAll(asked, note = null) {
    const panels = asked.map(({ panel }) => panel)
    this.put(
      { op: "show", panels },
      asked.flatMap(({ rows }) => rows ?? []),
      note,
    )
  }

  /**
   * Ask for anything: a header and its rows.
   *
   * @param {object} header
   * @param {ArrayBufferView[]} [rows]
   * @param {any} [note]
   */
  put(header, rows = [], note = null) {
    this.waiting = { header, rows, note, refusals: 0 }
    this.send()
  }

  /** Forget what was asked; an answer on its way will not be used. */
  drop() {
    this.waiting = null
    if (this.flying) this.flying.stale = true
  }

  /** The socket is new: ask again what it has not answered. */
  again() {
    if (this.flying && !this.flying.stale) this.waiting ??= this.flying
    this.flying = null
    this.send()
  }

  /** The server closed the socket for a message it does not accept, maybe ours. */
  refused(reason) {
    if (!this.flying || ++this.flying.refusals < REFUSALS) return
    const { stale } = this.flying
    this.flying = null
    if (!stale) this.onError(reason || "The server did not accept this request.")
  }

  send() {
    if (this.flying || !this.waiting || !this.channel.ready) return
    const request = this.waiting
    this.waiting = null
    this.flying = request
    request.sent = performance.now()
    request.id = this.channel.post(this.name, request.header, request.rows)
  }

  take(header, bytes) {
    const request = this.flying
    if (!request || header.id !== request.id) return
    this.flying = null
    this.send()
    if (header.ms) this.time(header, bytes, performance.now() - (request.sent ?? 0))
    if (request.stale) return
    const error = header.error ?? (header.panels?.every((panel) => panel.error) ? header.panels[0].error : null)
    if (error) this.onError(error, request.note)
    else this.onAnswer({ ...header, note: request.note })
  }

  time({ ms }, bytes, spent) {
    ms.network = Math.max(0, spent - ms.queue - ms.model - ms.encode)
    this.channel.rate.note(bytes, ms.network)
  }
}

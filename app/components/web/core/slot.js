// One line of questions on the live channel: one request in flight, and of those asked meanwhile only the newest.
//
// A request is a promise that its asker keeps. It has the answer to this very request, is rejected with Overtaken where
// another of the slot took its place, and with Unanswered where the engine says why there is none.

/** @typedef {import("./wire.js").Answer} Answer */
/** @typedef {import("./verbs.js").Operation} Operation */
/**
 * @typedef {object} Request
 * @property {object} header
 * @property {ArrayBufferView[]} rows typed arrays, one after the other
 * @property {(answer: Answer) => any} make what is made of the answer before it is handed over
 * @property {(answer: Answer) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {number} refusals
 * @property {number} id 0 until it is sent
 * @property {number} sent milliseconds
 * @property {boolean} stale whether its answer, which is being decoded, is not wanted any more
 */

const REFUSALS = 2 // times that the server may close its socket on a request before it is given up

/** A newer request took the place of this one, or its answer is not wanted any more: nobody waits for it. */
export class Overtaken extends Error {}

/** Why a request has no answer: a sentence for the person. */
export class Unanswered extends Error {}

/**
 * For the end of a request: has the person told why there is no answer; one that was overtaken ends in silence.
 *
 * @param {(sentence: string) => void} [tell]
 */
export function telling(tell = () => {}) {
  return (error) => {
    if (error instanceof Unanswered) tell(error.message)
    else if (!(error instanceof Overtaken)) throw error
  }
}

/** Work of several steps, or of several slots, of which only the newest counts: what was begun before is overtaken. */
export class Newest {
  turn = 0

  /** @template T @param {Promise<T>} work */
  async of(work) {
    const turn = ++this.turn
    const made = await work
    if (turn !== this.turn) throw new Overtaken()
    return made
  }
}

const nothing = () => undefined

export class Slot {
  /** @type {Request | null} */ flying = null
  /** @type {Request | null} */ waiting = null
  /** @type {Set<Request>} */ making = new Set() // answered, and being decoded
  delivered = 0 // the newest request whose answer was handed over

  constructor(channel, name) {
    this.channel = channel
    this.name = name
  }

  /**
   * Ask for one operation: its fields, and its typed arrays one after the other.
   *
   * @param {Operation} operation
   * @param {any} [rows] a typed array, or several
   * @param {Request["make"]} [make]
   */
  ask(operation, rows = null, make = nothing) {
    return this.askAll([{ operation, rows }], make)
  }

  /**
   * Ask for several operations whose results come back in one answer.
   *
   * @param {{operation: Operation, rows?: any}[]} asked
   * @param {Request["make"]} [make]
   */
  askAll(asked, make = nothing) {
    const operations = asked.map(({ operation }) => operation)
    const rows = asked.flatMap((each) => each.rows ?? [])
    return this.put({ op: "show", operations }, rows, make)
  }

  /**
   * Ask for anything: a header and its rows. What `make` makes of the answer comes with it as `made`. That may take a
   * while, as decoding pictures does; where a newer request is through with it before, this one is overtaken.
   *
   * @param {object} header
   * @param {ArrayBufferView[]} [rows]
   * @param {Request["make"]} [make]
   * @returns {Promise<Answer>}
   */
  put(header, rows = [], make = nothing) {
    return new Promise((resolve, reject) => {
      this.waiting?.reject(new Overtaken())
      this.waiting = { header, rows, make, resolve, reject, refusals: 0, id: 0, sent: 0, stale: false }
      this.send()
    })
  }

  /** Forget what was asked: the server gives it up, and an answer on its way will not be used. */
  drop() {
    const { flying, waiting } = this
    this.flying = this.waiting = null
    if (flying) this.channel.cancel(this.name, flying.id)
    for (const request of [waiting, flying]) request?.reject(new Overtaken())
    for (const request of this.making) request.stale = true
  }

  /** The socket is new: ask again what it has not answered. */
  again() {
    const { flying } = this
    this.flying = null
    if (flying && this.waiting) flying.reject(new Overtaken())
    else if (flying) this.waiting = flying
    this.send()
  }

  /** The server closed the socket for a message it does not accept, maybe ours. */
  refused(reason) {
    const { flying } = this
    if (!flying || ++flying.refusals < REFUSALS) return
    this.flying = null
    flying.reject(new Unanswered(reason || "The server did not accept this request."))
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
    if (header.ms) this.time(header, bytes, performance.now() - request.sent)
    const error = header.error ?? (header.results?.every((result) => result.error) ? header.results[0].error : null)
    if (error) request.reject(new Unanswered(error))
    else this.deliver(request, header)
  }

  async deliver(request, answer) {
    this.making.add(request)
    try {
      const made = await request.make(answer)
      if (request.stale || request.id < this.delivered) throw new Overtaken()
      this.delivered = request.id
      request.resolve({ ...answer, made })
    } catch (error) {
      request.reject(error)
    } finally {
      this.making.delete(request)
    }
  }

  time({ ms }, bytes, spent) {
    ms.network = Math.max(0, spent - ms.queue - ms.model - ms.encode)
    this.channel.rate.note(bytes, ms.network)
  }
}

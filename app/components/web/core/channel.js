// The live channel, browser side. docs/protocol.md describes it.
//
// A lost socket is opened again after growing pauses, and what each slot still waits for is asked again. A socket that
// died without a word, as under a phone that changed its network, is noticed by its silence.

import { obstacle } from "./access.js"
import { Rate } from "./rate.js"
import { Slot } from "./slot.js"
import { Subscription } from "./subscription.js"
import { person } from "./token.js"
import { decode, encode } from "./wire.js"

// Milliseconds, each up to half longer or shorter: a whole class comes back at once
const PAUSES = [150, 400, 1000, 2000, 4000]
const SILENCE = 30000 // milliseconds without an answer after which a socket counts as dead
const DOZE = 3000 // the same for a page that has just woken
const REFUSED = [1007, 1008, 1009]
const SHUT = 2 // attempts in a row that failed to open a socket, after which it is asked what stands in between

export class Channel {
  /** @type {WebSocket} */ socket
  /** @type {Map<string, Slot | Subscription>} */ slots = new Map()
  rate = new Rate()
  heard = 0 // when the server was heard last
  /**
   * @param {URL} page
   * @param {object} [on]
   * @param {(line: "open" | "lost", why?: string) => void} [on.onLine] hears why, where that is known
   * @param {(engine: string) => void} [on.onEngine] hears "starting", "ready", "restarting" and "lost"
   */
  constructor(page, { onLine = () => {}, onEngine = () => {} } = {}) {
    this.url = new URL("live", page)
    this.url.protocol = this.url.protocol === "https:" ? "wss:" : "ws:"
    this.url.searchParams.set("person", person)
    this.onLine = onLine
    this.onEngine = onEngine
    this.id = 0
    this.failures = 0
    this.shut = 0
    this.closed = false
    this.engine = "ready"
    this.wake = () => document.hidden || this.hurry()
    window.addEventListener("online", this.wake)
    document.addEventListener("visibilitychange", this.wake)
    this.watch = setInterval(() => this.listenFor(SILENCE), 5000)
    this.open()
  }

  open() {
    if (this.closed) return
    this.timer = 0
    this.rate = new Rate()
    this.socket = new WebSocket(this.url)
    this.socket.binaryType = "arraybuffer"
    this.socket.onopen = () => {
      this.heard = performance.now()
      this.shut = 0
      this.onLine("open")
      for (const slot of this.slots.values()) slot.again()
    }
    this.socket.onmessage = (event) => this.take(event.data)
    this.socket.onclose = (event) => {
      this.shut += 1
      this.lost(event)
    }
  }

  /** @param {{code?: number, reason?: string}} end */
  lost({ code, reason }) {
    if (this.closed) return
    if (code && REFUSED.includes(code)) for (const slot of this.slots.values()) slot.refused(reason)
    this.onLine("lost")
    if (this.shut === SHUT) this.explain()
    const pause = PAUSES[Math.min(this.failures++, PAUSES.length - 1)]
    this.timer = setTimeout(() => this.open(), pause * (0.5 + Math.random()))
  }

  /** Say what keeps the socket from opening, if it is not the server that is away. */
  async explain() {
    const sentence = await obstacle()
    if (sentence && !this.closed && !this.ready) this.onLine("lost", sentence)
    else if (!this.ready) this.shut = 0 // ask again
  }

  take(data) {
    const header = decode(data)
    this.failures = 0
    this.heard = performance.now()
    if (header.engine) {
      this.engine = header.engine
      this.onEngine(header.engine)
    } else this.slots.get(header.slot)?.take(header, data.byteLength)
  }

  /** The page has woken, or its network is back: lose no time. */
  hurry() {
    if (this.ready) return this.listenFor(DOZE)
    if (!this.timer) return
    clearTimeout(this.timer)
    this.open()
  }

  /**
   * Give a socket up that owes an answer and has said nothing for so long; not while the engine is known to be away.
   */
  listenFor(silence) {
    const since = performance.now() - silence
    const owes = [...this.slots.values()].some(({ flying }) => flying && flying.sent < since)
    if (!this.ready || this.engine !== "ready" || !owes || this.heard > since) return
    this.socket.onmessage = this.socket.onclose = null
    this.socket.close()
    this.lost({})
  }

  /** The slot of that name. */
  slot(name) {
    const slot = new Slot(this, name)
    this.slots.set(name, slot)
    return slot
  }

  /** A subscription under that name. */
  subscription(name) {
    const subscription = new Subscription(this, name)
    this.slots.set(name, subscription)
    return subscription
  }

  /** Send a slot's request; its number. */
  post(slot, header, rows = []) {
    const rate = header.op === "show" ? this.rate.value : undefined
    this.socket.send(encode({ id: ++this.id, slot, ...header, rate }, rows))
    return this.id
  }

  /** Have the server give up the request of that number, or end its subscription: nobody waits any more. */
  cancel(slot, id) {
    if (this.ready) this.socket.send(encode({ id, slot, op: "cancel" }))
  }

  get ready() {
    return this.socket.readyState === WebSocket.OPEN
  }

  close() {
    this.closed = true
    clearTimeout(this.timer)
    clearInterval(this.watch)
    window.removeEventListener("online", this.wake)
    document.removeEventListener("visibilitychange", this.wake)
    this.slots.clear()
    this.socket.close()
  }
}

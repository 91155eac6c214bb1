// The live channel, browser side. The wire protocol is written down at the top of app/live.py.
//
// A slot holds one request in flight; of those asked meanwhile only the newest is sent when the answer has come.
// When the socket is lost, it is opened again with growing pauses, and what each slot wanted last is asked again.

const PAUSES = [150, 400, 1000, 2000, 4000]

export class Channel {
  constructor(page, onState = () => {}) {
    this.url = new URL("live", page)
    this.url.protocol = this.url.protocol === "https:" ? "wss:" : "ws:"
    this.onState = onState
    this.slots = new Map()
    this.id = 0
    this.failures = 0
    this.closed = false
    this.open()
  }

  open() {
    if (this.closed) return
    this.socket = new WebSocket(this.url)
    this.socket.binaryType = "arraybuffer"
    this.socket.onopen = () => {
      this.failures = 0
      this.onState("open")
      for (const slot of this.slots.values()) slot.again()
    }
    this.socket.onmessage = (event) => this.take(event.data)
    this.socket.onclose = (event) => this.lost(event)
  }

  lost(event) {
    if (this.closed) return
    this.onState("lost", event.reason)
    const pause = PAUSES[Math.min(this.failures++, PAUSES.length - 1)]
    this.timer = setTimeout(() => this.open(), pause)
  }

  take(data) {
    const length = new DataView(data).getUint32(0, true)
    const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)))
    this.slots.get(header.slot)?.take(header, data.slice(4 + length))
  }

  /** The slot of that name; `onAnswer(header, payload, request)` gets its answers, `onError(sentence)` its troubles. */
  slot(name, onAnswer, onError = () => {}) {
    const slot = new Slot(this, name, onAnswer, onError)
    this.slots.set(name, slot)
    return slot
  }

  get ready() {
    return this.socket.readyState === WebSocket.OPEN
  }

  close() {
    this.closed = true
    clearTimeout(this.timer)
    this.slots.clear()
    this.socket.close()
  }
}

class Slot {
  constructor(channel, name, onAnswer, onError) {
    Object.assign(this, { channel, name, onAnswer, onError, flying: null, waiting: null })
  }

  /** Ask for something: header fields, float32 rows, and anything to be handed back with the answer. */
  ask(header, rows = null, note = null) {
    this.waiting = { header, rows, note }
    this.send()
  }

  /** Forget what was asked; an answer on its way will not be used. */
  drop() {
    this.waiting = null
    if (this.flying) this.flying.stale = true
  }

  again() {
    if (this.flying && !this.flying.stale) this.waiting ??= this.flying
    this.flying = null
    this.send()
  }

  send() {
    if (this.flying || !this.waiting || !this.channel.ready) return
    const request = this.waiting
    this.waiting = null
    request.id = ++this.channel.id
    request.sent = performance.now()
    this.flying = request
    this.channel.socket.send(encode({ id: request.id, slot: this.name, ...request.header }, request.rows))
  }

  take(header, payload) {
    const request = this.flying
    if (!request || header.id !== request.id) return
    this.flying = null
    this.send()
    if (request.stale) return
    if (header.error) return this.onError(header.error)
    const spent = performance.now() - request.sent
    header.ms.network = Math.max(0, spent - header.ms.queue - header.ms.model - header.ms.encode)
    this.onAnswer(header, payload, request)
  }
}

function encode(header, rows) {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const payload = rows ? new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength) : new Uint8Array(0)
  const message = new Uint8Array(4 + text.length + payload.length)
  new DataView(message.buffer).setUint32(0, text.length, true)
  message.set(text, 4)
  message.set(payload, 4 + text.length)
  return message
}

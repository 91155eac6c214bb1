// A line on which the server tells what happens, until it has no more to tell or nobody wants to hear it.

const REFUSALS = 2 // times that the server may close its socket on a subscription before it is given up

/**
 * @typedef {object} Listener
 * @property {(event: any) => void} event
 * @property {(sentence: string) => void} failed hears why nothing comes any more
 */

export class Subscription {
  /** @type {{topic: string, key: string} | null} */ wanted = null
  /** @type {Listener | null} */ listener = null
  id = 0 // 0 until it is sent
  sent = 0 // milliseconds
  refusals = 0

  constructor(channel, name) {
    this.channel = channel
    this.name = name
  }

  /**
   * Hear of a topic, and of what in it, in place of what was heard before.
   *
   * @param {string} topic
   * @param {string} key
   * @param {Listener} listener
   */
  open(topic, key, listener) {
    this.wanted = { topic, key }
    this.listener = listener
    this.refusals = 0
    this.again()
  }

  /** Hear no more. */
  end() {
    if (this.id) this.channel.cancel(this.name, this.id)
    this.forget()
  }

  // What the channel asks of a slot

  /** The server tells the last event again where nothing happens, so silence means that the socket is dead. */
  get flying() {
    return this.id ? { sent: this.sent } : null
  }

  /** The socket is new, or what is wanted. */
  again() {
    this.id = 0
    if (!this.wanted || !this.channel.ready) return
    this.sent = performance.now()
    this.id = this.channel.post(this.name, { op: "subscribe", ...this.wanted })
  }

  /** The server closed the socket for a message it does not accept, maybe ours. */
  refused(reason) {
    if (this.id && ++this.refusals >= REFUSALS) this.fail(reason || "The server did not accept this request.")
  }

  take({ id, event, error }, _bytes = 0) {
    if (!this.id || id !== this.id) return
    if (error) this.fail(error)
    else this.listener?.event(event)
  }

  fail(sentence) {
    const { listener } = this
    this.forget()
    listener?.failed(sentence)
  }

  forget() {
    this.wanted = this.listener = null
    this.id = 0
  }
}

// How Streamlit hears of the address, which it loses while it reconnects: it is told again until it says the same.

import { write } from "./address.js"

const PAUSE = 1500 // milliseconds; Streamlit's own reconnection takes about one second
const TRIES = 20

export class UrlSync {
  constructor() {
    this.told = {}
    this.heard = {}
    this.send = null
    this.timer = 0
  }

  /** Write a view into the address, and tell Streamlit. */
  tell(query) {
    write("explore", query)
    this.ask(query)
  }

  /** Ask Streamlit for a model. */
  ask(query) {
    this.told = query
    this.send(query)
  }

  /** The network is back: tell it again until it has been heard. */
  insist() {
    clearInterval(this.timer)
    let tries = 0
    this.timer = setInterval(() => {
      if (this.agrees() || ++tries > TRIES) return clearInterval(this.timer)
      this.send({ ...this.told, again: tries }) // the number makes it news
    }, PAUSE)
  }

  agrees() {
    return ["model", "z", "y", "axes"].every(
      (part) => this.told[part] === undefined || this.told[part] === this.heard[part],
    )
  }

  close() {
    clearInterval(this.timer)
  }
}

// How a view gets into the browser's address: Streamlit puts it there, and loses what it is told while it reconnects.

const PAUSE = 1500 // milliseconds; Streamlit's own reconnection takes about one second
const TRIES = 20

export class Address {
  constructor() {
    Object.assign(this, { told: {}, send: null, timer: 0 })
  }

  /** Tell Streamlit of a view, or of a model that is asked for. */
  tell(query) {
    this.told = query
    this.send(query)
  }

  /** Streamlit has put a view into the address by itself. */
  holds(query) {
    this.told = query
  }

  /** The network is back: tell it again until the address shows it. */
  insist() {
    clearInterval(this.timer)
    let tries = 0
    this.timer = setInterval(() => {
      if (this.agrees() || ++tries > TRIES) return clearInterval(this.timer)
      this.send({ ...this.told, again: tries }) // the number makes it news
    }, PAUSE)
  }

  agrees() {
    const address = new URLSearchParams(window.location.search)
    return ["model", "z", "y", "axes"].every((part) => this.told[part] === undefined || this.told[part] === address.get(part))
  }

  close() {
    clearInterval(this.timer)
  }
}

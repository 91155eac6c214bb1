// Files: a path becomes a film on the server, which tells how far it is until it can be fetched; and a file a path.

import { person } from "../../core/token.js"

export class Films {
  constructor(page, channel, parts, on) {
    this.page = page
    this.news = channel.subscription("film")
    this.parts = parts
    this.on = on
    this.film = null
    parts.cancel.addEventListener("click", () => this.cancel())
  }

  /** Have a path made into a file, and save it. */
  async make(path, form, size, look) {
    if (this.film) return this.on.say("One film is being made already. Cancel it first, or wait.")
    this.film = "ordered"
    this.show({ state: "waiting", ahead: 0, done: 0, frames: 1 })
    const answer = await this.ask(`films?person=${person}`, {
      method: "POST",
      body: JSON.stringify({ path, form, size, look }),
    })
    if (this.film !== "ordered") return answer?.film && this.ask(`films/${answer.film}`, { method: "DELETE" })
    if (!answer) return this.end()
    this.film = answer.film
    this.news.open("film", answer.film, { event: (told) => this.hear(told), failed: (sentence) => this.end(sentence) })
  }

  hear(told) {
    if (told.state === "ready") {
      this.save(told)
      return this.end(`${told.name} is made.`)
    }
    if (told.state === "failed") return this.end(told.error)
    this.show(told)
  }

  save({ film, name }) {
    const link = Object.assign(document.createElement("a"), {
      href: new URL(`films/${film}/file`, this.page).href,
      download: name,
    })
    document.body.append(link)
    link.click()
    link.remove()
  }

  cancel() {
    const { film } = this
    this.end("Cancelled.")
    if (film && film !== "ordered") this.ask(`films/${film}`, { method: "DELETE" })
  }

  end(sentence) {
    this.news.end()
    this.film = null
    this.parts.going.hidden = true
    this.on.busy(false)
    if (sentence) this.on.say(sentence)
  }

  show({ state, ahead, done, frames }) {
    const { bar, told, going } = this.parts
    if (going.hidden) this.on.busy(true)
    going.hidden = false
    bar.value = done / frames
    const waits = `waits for ${ahead} ${ahead === 1 ? "other" : "others"}`
    const said = state === "waiting" && ahead ? waits : `${Math.round((100 * done) / frames)} %`
    if (told.textContent !== said) told.textContent = said
  }

  /** Read a file as a path: {path, notices}, or null where it was refused, which is said. */
  async read(file, most) {
    if (file.size > most)
      return (
        this.on.say(`The file has ${(file.size / 2 ** 20).toFixed(1)} MB; a path file has at most ${most >> 20} MB.`) ??
        null
      )
    return this.ask("paths", { method: "POST", body: file })
  }

  /** The JSON that the server answers with; null where it did not, and then its sentence has been said. */
  async ask(place, how) {
    try {
      const response = await fetch(new URL(place, this.page), how)
      if (response.status === 204) return {}
      const answer = await response.json()
      if (response.ok) return answer
      this.on.say(answer.error)
    } catch {
      this.on.say("The server did not answer. Try again when it is back.")
    }
    return null
  }

  close() {
    this.news.end()
    if (this.film && this.film !== "ordered")
      fetch(new URL(`films/${this.film}`, this.page), { method: "DELETE", keepalive: true })
  }
}

// What every page has: the live channel, toasts, what is kept, keys and the list of them, lecture mode, and an end.

import { button, element, toggle } from "../ui/element.js"
import { Toasts } from "../ui/toasts.js"
import { Channel } from "./channel.js"
import { listen } from "./keys.js"
import { Lecture } from "./lecture.js"
import { Persistence } from "./persistence.js"

const SHARED = [
  ["F", "lecture: full screen, large type"],
  ["?", "this list"],
]
const WAIT = 9000 // milliseconds that a sentence of the page stays

export class Page {
  away = false // whether the engine is
  toasts = new Toasts()
  deaf = () => {}
  /** @type {Toasts["say"]} */ say = (sentence, wait = WAIT, action = null) => this.toasts.say(sentence, wait, action)

  /**
   * @param {HTMLElement} root
   * @param {URL} page
   * @param {{name: string, keys: string[][], state?: any}} about under which name it keeps things, what its keys do,
   *   and its table
   */
  constructor(root, page, { name, keys, state }) {
    this.root = root
    if (state) state.told = "" // this element has told nothing yet
    this.page = page
    this.channel = new Channel(page, {
      onLine: (line, why) => this.line(line, why),
      onEngine: (engine) => this.engine(engine),
    })
    this.persistence = new Persistence(this.channel, name, {
      compose: () => this.compose(),
      loaded: (body, here) => this.restore(body, here),
      say: this.say,
    })
    this.help = sheet([...keys, ...SHARED])
    const lecture = toggle("Lecture", "Full screen and large type (F)")
    this.lecture = new Lecture(root, lecture, () => this.resize())
    /** The buttons that every page shows somewhere. */
    this.tools = [lecture, button("?", "Keys (?)", { "aria-label": "Keys", onclick: () => this.explain() })]
    this.resizing = new ResizeObserver(() => this.resize())
    this.resizing.observe(root)
  }

  /** Put the page's parts into its element. */
  arrange(...parts) {
    this.root.replaceChildren(...parts, this.toasts.element, this.help)
  }

  /** Listen for the page's keys, as core/keys.js has them; a getter among them is asked at each press. */
  listen(acts = {}) {
    const shared = { f: () => this.lecture.toggle(), "?": () => this.explain() }
    this.deaf = listen(this.root, Object.assign(Object.create(acts), shared))
  }

  /** Show the list of keys, or put it away. */
  explain() {
    if (this.help.open) this.help.close()
    else this.help.showModal()
  }

  line(line, why) {
    this.toasts.line(line, why)
    this.root.classList.toggle("zt-lost", line === "lost")
  }

  engine(engine) {
    const back = engine === "ready" && this.away
    this.away = engine !== "ready"
    this.toasts.engine(engine)
    this.root.classList.toggle("zt-away", this.away)
    if (back) this.again()
  }

  // What a page fills in where it has something

  /** What is to be kept. */
  compose() {
    return {}
  }

  /** Take what was kept, or null; and whether that was in this very page. */
  restore(_body, _here) {}

  /** The engine is back: ask for everything again. */
  again() {}

  /** Sizes have changed. */
  resize() {}

  close() {
    this.persistence.close()
    this.toasts.close()
    this.lecture.close()
    this.deaf()
    this.resizing.disconnect()
    this.channel.close()
  }
}

function sheet(keys) {
  const row = ([key, what]) => element("tr", {}, element("th", {}, element("kbd", {}, key)), element("td", {}, what))
  const made = element(
    "dialog",
    { class: "zt-help", "aria-label": "Keys" },
    element("h2", {}, "Keys"),
    element("table", {}, element("tbody", {}, ...keys.map(row))),
    button("Close", "Close (Esc)", { onclick: () => made.close() }),
  )
  made.addEventListener("click", (event) => event.target === made && made.close())
  return made
}

// Blind mode: columns without names, a guess for each, a tally with its interval. Only the server knows what they are.

import { telling } from "../../core/slot.js"
import { button, element } from "./parts.js"
import { letter } from "./view.js"
import { wilson } from "./wilson.js"

const REAL = "real"
// Lives as long as the page
const tallies = { models: { right: 0, asked: 0, decisions: 0 }, single: { right: 0, asked: 0, decisions: 0 } }

export class Blind {
  /** @type {"models" | "single"} */ kind = "models"

  /**
   * `on`: begun(columns of [token, title]), opened(), over(), say(sentence)
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, root, on) {
    this.root = root
    this.on = on
    this.round = null
    this.guesses = []
    this.models = []
    this.begins = channel.slot("blind")
    this.reveals = channel.slot("reveal")
    this.real = element("input", {
      type: "checkbox",
      "data-testid": "blind-real",
      onchange: () => this.begin(this.kind, this.models),
    })
    this.ask = element("span", { class: "zt-cmp-ask" })
    this.tally = element("span", {
      class: "zt-cmp-tally",
      "data-testid": "tally",
      role: "status",
      "aria-live": "polite",
    })
    this.reveal = button("Reveal", "Say what each column is", () => this.open(), {
      class: "zt-button zt-strong",
      "data-testid": "reveal",
    })
    this.next = button("Next round", "Shuffle anew (N)", () => this.begin(this.kind, this.models), {
      "data-testid": "next",
    })
    this.withReal = element("label", { class: "zt-cmp-field" }, this.real, element("span", {}, "with real pictures"))
    root.replaceChildren(
      this.ask,
      this.withReal,
      this.reveal,
      this.next,
      button("End", "Back to the columns with their names (Esc)", () => this.end(), { "data-testid": "blind-end" }),
      this.tally,
    )
  }

  begin(kind, models) {
    Object.assign(this, { kind, models })
    const real = this.real.checked
    const header = { op: "blind", models: models.map(({ name }) => name), kind }
    this.begins
      .put(kind === "models" && real ? { ...header, real } : header)
      .then((answer) => this.begun(answer))
      .catch(telling((sentence) => this.refused(sentence)))
  }

  /** @param {any} answer */
  begun({ round, columns }) {
    Object.assign(this, { round, opened: false, guesses: columns.map(() => null) })
    this.root.hidden = false
    this.withReal.hidden = this.reveal.hidden = this.kind === "single"
    this.reveal.disabled = false
    this.ask.textContent = this.kind === "single" ? "Is this picture real, or was it made?" : "Which column is which?"
    this.paint()
    this.on.begun(columns.map((token, i) => [token, this.kind === "single" ? "Real or made?" : `Column ${letter(i)}`]))
  }

  refused(sentence) {
    this.on.say(sentence)
    if (this.real.checked) {
      this.real.checked = false
      if (this.round && !this.opened) return
    }
    if (this.round && this.opened) this.end()
  }

  /** What a guess may be: value and text. */
  options() {
    const models = this.models.map(({ name, title }) => [name, `${title} (${name})`])
    return this.real.checked ? [...models, [REAL, "real pictures"]] : models
  }

  guess(i, value) {
    this.guesses[i] = value || null
  }

  /** Answer the riddle of a single picture. */
  judge(real) {
    if (!this.round || this.opened || this.kind !== "single") return
    this.guesses = [real ? REAL : "made"]
    this.open()
  }

  open() {
    if (this.opened) return
    this.reveal.disabled = true
    this.reveals
      .put({ op: "reveal", round: this.round, guesses: this.guesses })
      .then((answer) => this.told(answer))
      .catch(telling((sentence) => this.on.say(sentence)))
  }

  /** @param {any} answer */
  told({ columns, right, shift }) {
    this.opened = true
    const asked = this.guesses.filter(Boolean).length
    const tally = tallies[this.kind]
    tally.right += right.filter(Boolean).length
    tally.asked += asked
    // Where all columns are guessed the last one follows from the rest.
    tally.decisions += this.kind === "models" && asked === columns.length ? asked - 1 : asked
    this.paint()
    const titled = (name) =>
      name === REAL ? "Real pictures" : this.models.find((card) => card.name === name)?.title + ` (${name})`
    this.on.opened(columns.map(titled), right, shift)
  }

  paint() {
    const { right, asked, decisions } = tallies[this.kind]
    if (!asked) return (this.tally.textContent = "No guess yet.")
    const [low, high] = wilson(right / asked, decisions)
    const chance = this.kind === "single" ? 50 : 100 / this.options().length
    const counted = this.kind === "single" ? "" : ", counting a full round of k as k − 1 decisions"
    this.tally.textContent =
      `${right} of ${asked} right: ${percent(right / asked)}, 95 % interval ${percent(low)} to ` +
      `${percent(high)} (Wilson${counted}); chance ${chance.toFixed(0)} %`
  }

  end() {
    this.round = null
    this.root.hidden = true
    this.on.over()
  }
}

const percent = (share) => `${(100 * share).toFixed(0)} %`

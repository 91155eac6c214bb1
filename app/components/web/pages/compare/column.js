// One column: a model, its rule, an enlarged sample and the wall. A blind one has a letter and a guess in place of
// these.

import { button, element, picker } from "./parts.js"
import { ALL, view } from "./view.js"
import { Wall } from "./wall.js"

export class Column {
  /** `card` is null where the column is blind; `name` is what the server knows it by. */
  constructor(name, title, card, on) {
    this.name = name
    this.title = title
    this.card = card
    this.on = on
    this.fresh = false
    this.wall = new Wall(title, on)
    this.says = element("p", { class: "zt-cmp-trouble", role: "status" })
    this.rule = element("p", { class: "zt-cmp-rule", "data-testid": "rule" })
    this.latency = element("span", { class: "zt-cmp-latency" })
    this.element = element(
      "section",
      { class: "zt-cmp-column", "aria-label": title, "data-testid": "column", "data-model": card ? name : undefined },
      element("header", {}, element("h3", { title: card?.text }, title), card ? this.tools() : null),
      card ? element("p", { class: "zt-cmp-family" }, card.family, " ", this.latency) : null,
      element("div", { class: "zt-cmp-zoomed" }, this.wall.loupe),
      this.wall.element,
      this.says,
      this.rule,
    )
  }

  tools() {
    const { name, title, on } = this
    return element(
      "span",
      { class: "zt-cmp-tools" },
      button("←", `Move ${title} to the left`, () => on.move(name, -1), {
        "aria-label": `Move ${title} to the left`,
        "data-act": "left",
      }),
      button("→", `Move ${title} to the right`, () => on.move(name, 1), {
        "aria-label": `Move ${title} to the right`,
        "data-act": "right",
      }),
      button("×", `Remove ${title}`, () => on.remove(name), { "aria-label": `Remove ${title}`, "data-act": "remove" }),
    )
  }

  /** Print the rule by which this column was made; `same` says whose latents are the same. */
  tell(same) {
    const { card } = this
    if (!card) return
    const truncation = view.t === 1 ? "no truncation" : `truncation ${view.t}`
    const y = card.classes.length
      ? view.y === ALL
        ? "all classes in turn"
        : `class ${card.classes[Math.min(view.y, card.classes.length - 1)]}`
      : null
    const lines = [card.rule.shown, card.rule.weights, truncation, y, card.rule.likelihood, same].filter(Boolean)
    if (String(lines) === this.told) return
    this.told = String(lines)
    this.rule.replaceChildren(...lines.map((line) => element("span", {}, line)))
  }

  timed(ms) {
    if (ms?.model) this.latency.textContent = `${ms.model.toFixed(ms.model < 10 ? 1 : 0)} ms a wall`
  }

  /** Say why the wall is not what is asked for; null where it is. */
  trouble(sentence) {
    this.fresh = !sentence
    this.says.textContent = sentence ?? ""
    this.element.classList.toggle("zt-cmp-stale", Boolean(sentence))
  }

  /** Ask what this column is. */
  ask(options, onguess) {
    this.guess = picker(`Your guess for ${this.title}`, [["", "your guess…"], ...options], (value) => onguess(value))
    this.element.querySelector("header").append(this.guess)
  }

  /** Say what this column was. */
  open(title, right) {
    this.guess.disabled = true
    const verdict = this.guess.value ? (right ? "guessed right" : "guessed wrong") : "not guessed"
    this.element.querySelector("h3").replaceChildren(title, element("small", {}, verdict))
    this.element.classList.add(right ? "zt-cmp-right" : "zt-cmp-wrong")
  }
}

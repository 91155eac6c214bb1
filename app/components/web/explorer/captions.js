// The words around picture and plane, and which buttons can be pressed.

import { element } from "../element.js"
import { PALETTE } from "./plane.js"
import { axisName, strongest } from "./view.js"

export class Captions {
  constructor(explorer) {
    this.explorer = explorer
  }

  /** Everything that depends on the model alone. */
  fill() {
    const { card, models, names, parts, gestures } = this.explorer
    parts.model.replaceChildren(...models.map(({ name, title }) => element("option", { value: name, selected: name === card.name }, title)))
    parts.text.textContent = card.text
    parts.text.title = card.text
    this.rule()
    parts.classes.hidden = !card.classes.length
    const chip = (name, y) => element("button", { type: "button", class: "zt-chip", onclick: () => gestures.choose(y) }, name)
    parts.classes.replaceChildren(...card.classes.map(chip))
    parts.axesTitle.textContent = card.axes.some((axis) => axis.kl !== null) ? "Axes, most informative first" : "Axes, most visible first"
    parts.axisChoice.hidden = card.latent < 3
    const options = () => strongest(card).map((axis) => element("option", { value: axis }, axisName(card, names, axis)))
    parts.across.replaceChildren(...options())
    parts.up.replaceChildren(...options())
    this.buttons()
  }

  /** What the picture is: a mean, and of what model. */
  rule() {
    const { family, data, latent, bounds } = this.explorer.card
    const { rule } = this.explorer.parts
    rule.textContent = `${bounds ? "decoded mean" : "decoded"} · ${latent} latents · ${data}`
    rule.title = `${family}, trained on ${data}. ${bounds ? "The picture is the mean of the decoder's distribution." : ""}`
  }

  heat(axis, mean) {
    const { card, names, parts } = this.explorer
    parts.rule.textContent = `moved by ${axisName(card, names, axis)}: ${(100 * mean).toFixed(1)} %`
    parts.rule.title = "Mean change of a pixel when this axis moves by 8 % of its range to either side"
  }

  legend(count, labelled) {
    const { card, parts } = this.explorer
    const named = (name, label) => {
      const dot = element("i", {})
      dot.style.background = PALETTE[label % PALETTE.length]
      return element("span", {}, dot, name)
    }
    parts.legend.replaceChildren(...(labelled ? card.labels.slice(0, 10).map(named) : []))
    parts.dots.hidden = !count
    parts.dots.title = `Where ${count} pictures of the data lie: their posterior means (D)`
  }

  buttons() {
    const { parts, view } = this.explorer
    parts.undo.disabled = view.at === 0
    parts.redo.disabled = view.at >= view.past.length - 1
    ;[...parts.classes.children].forEach((chip, y) => chip.setAttribute("aria-pressed", y === view.y))
  }
}

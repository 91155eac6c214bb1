// The words around picture and plane, and which buttons can be pressed.

import { element } from "../../ui/element.js"
import { kindColour } from "../../pixels/colormap.js"
import { axisName, strongest } from "../../latent/view.js"

export class Captions {
  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
  }

  /** Everything that depends on the model alone. */
  fill() {
    const { card, models, names, parts, commands } = this.explorer
    parts.model.replaceChildren(
      ...models.map(({ name, title }) => element("option", { value: name, selected: name === card.name }, title)),
    )
    parts.text.textContent = card.text
    parts.text.title = card.text
    this.rule()
    parts.classes.hidden = !card.classes.length
    const chip = (name, y) =>
      element("button", { type: "button", class: "zt-chip", onclick: () => commands.choose(y) }, name)
    parts.classes.replaceChildren(...card.classes.map(chip))
    const what = card.levels.length ? "Axes by level" : "Axes"
    const most = card.axes.some((axis) => axis.kl !== null) ? "informative" : "visible"
    parts.axesTitle.textContent = `${what}, most ${most} first`
    parts.axisChoice.hidden = card.latent < 3
    const option = (axis) => element("option", { value: axis }, axisName(card, names, axis))
    const group = ({ axes }) =>
      element(
        "optgroup",
        {},
        ...strongest(card)
          .filter((axis) => axes.includes(axis))
          .map(option),
      )
    for (const choice of [parts.across, parts.up])
      choice.replaceChildren(...(card.levels.length ? card.levels.map(group) : strongest(card).map(option)))
    this.buttons()
  }

  /** What the picture is: a mean, and of what model. */
  rule() {
    const { family, pictures, latent, bounds } = this.explorer.card
    const { rule } = this.explorer.parts
    rule.textContent = `${bounds ? "decoded mean" : "decoded"} · ${latent} latents · ${pictures}`
    rule.title =
      `${family}, trained on ${pictures}. ` +
      `${bounds ? "The picture is the mean of the decoder's distribution." : ""}`
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
      dot.style.background = kindColour(label)
      return element("span", {}, dot, name)
    }
    parts.legend.replaceChildren(...(labelled ? card.labels.slice(0, 10).map(named) : []))
    parts.dots.hidden = !count
    parts.dots.title = `Where ${count} pictures of the data lie: their posterior means (D)`
  }

  /** Which levels are frozen: beside Random, where the plane's axes are chosen, and on the plane. */
  frozen() {
    const { card, parts, levels } = this.explorer
    parts.frozen.replaceChildren(...levels.frozen.map((level) => this.thaw(level)))
    parts.random.title = levels.frozen.length ? "Draw at random what is not frozen (R)" : "Draw a latent at random (R)"
    for (const choice of [parts.across, parts.up]) {
      card.levels.forEach(
        (level, i) => (choice.children[i].label = levels.isFrozen(level) ? `${level.name} (frozen)` : level.name),
      )
    }
    this.held()
  }

  thaw(level) {
    const { levels, parts } = this.explorer
    const title = `Random, Nudge, Reset and the plane leave ${level.name} alone. Click to unfreeze it.`
    const onclick = () => {
      levels.freeze(level)
      parts.random.focus() // this button is gone
    }
    return element(
      "button",
      { type: "button", class: "zt-thaw", title, onclick },
      `${level.name} is frozen`,
      element("span", { "aria-hidden": "true" }, "×"),
    )
  }

  /** Say on the plane which of its axes a frozen level holds. */
  held() {
    const { parts, view, levels } = this.explorer
    const held = view.axes.map((axis) => levels.holds(axis))
    const holding = levels.frozen.filter(({ axes }) => view.axes.some((axis) => axes.includes(axis)))
    parts.held.hidden = !holding.length
    parts.held.textContent = `${holding.map(({ name }) => name).join(" and ")} frozen: ${this.left(held)}`
    parts.planeBox.classList.toggle("zt-held", held.every(Boolean))
    parts.planeBox.setAttribute("aria-disabled", held.every(Boolean))
  }

  /** What a drag over the plane can still do. */
  left([across, up]) {
    if (across && up)
      return this.explorer.levels.free.length ? "this plane stays. Choose other axes below." : "the plane stays."
    return across ? "a drag moves ↑ only." : "a drag moves → only."
  }

  buttons() {
    const { parts, view } = this.explorer
    parts.undo.disabled = view.at === 0
    parts.redo.disabled = view.at >= view.past.length - 1
    ;[...parts.classes.children].forEach((chip, y) => chip.setAttribute("aria-pressed", y === view.y))
  }
}

// The bar: which model judges, by which score, and how long it took to read the pictures.

import { button, element, picker } from "./parts.js"
import { state } from "./state.js"

export class Bar {
  /** `words` of each score by name; `on.judge(name)` lets another model judge, `on.choose(name)` another score. */
  constructor(host, words, on) {
    this.on = on
    this.key = ""
    /** @returns {[string, any]} */
    const pick = ([name, { title, text }], i) => [
      name,
      button(title, `${text} (${i + 1})`, () => on.choose(name), true),
    ]
    this.scores = new Map(Object.entries(words).map(pick))
    this.model = element("span", {})
    this.status = element("span", { class: "zt-rec-status", "data-testid": "outliers-status", "data-reads": 0 })
    const all = element(
      "span",
      { class: "zt-out-scores", role: "group", "aria-label": "Score by which the row is judged" },
      ...this.scores.values(),
    )
    host.replaceChildren(
      element("label", { class: "zt-rec-field" }, element("span", {}, "judged by"), this.model),
      all,
      this.status,
    )
  }

  /** Take the models, by their data; where they are those from before nothing changes under the hand. */
  offer(models) {
    const key = models.map(({ name }) => name).join()
    if (key === this.key) return
    this.key = key
    const named = ({ name, title, exact }) => ({ name, title: `${title} (${name}, ${exact ? "exact" : "bound"})` })
    const groups = [...Map.groupBy(models, ({ data }) => data)].map(([data, all]) => [data, all.map(named)])
    this.select = picker("The model that judges", groups, state.model, (name) => this.on.judge(name))
    this.select.dataset.testid = "model"
    this.model.replaceChildren(this.select)
    this.press()
  }

  press() {
    this.select.value = state.model
    for (const [name, made] of this.scores) made.setAttribute("aria-pressed", name === state.score)
  }

  tell(reads, ms) {
    this.status.dataset.reads = reads
    this.status.textContent = `read in ${ms.model.toFixed(0)} ms`
  }
}

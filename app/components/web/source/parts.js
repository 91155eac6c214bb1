// The skeleton of Reconstruct, and the buttons it is made of.

import { element, button as plain, toggle } from "../ui/element.js"

export { element }

export function button(text, title, onclick, switches = false) {
  return (switches ? toggle : plain)(text, title, { onclick })
}

export function labelled(text, control) {
  return element("label", { class: "zt-rec-field" }, element("span", {}, text), control)
}

/** Where a picture comes from, and its crop; shared with the page Complete. */
export function sourceParts() {
  const view = element("canvas", { class: "zt-rec-view", "data-testid": "source" })
  const box = element("div", { class: "zt-rec-box", tabIndex: 0, role: "application", "data-testid": "crop" })
  const pen = element("i", { class: "zt-rec-pen", hidden: true })
  const stage = element("div", { class: "zt-rec-stage", "data-testid": "stage" }, view, pen, box)
  const tabs = element("div", { class: "zt-rec-tabs", role: "tablist", "aria-label": "Where the picture comes from" })
  const panel = element("div", { class: "zt-rec-panel", role: "tabpanel", id: "zt-rec-panel", tabIndex: -1 })
  const tools = element("div", { class: "zt-rec-tools", role: "group", "aria-label": "Crop" })
  const note = element("p", { class: "zt-rec-note", role: "status", "aria-live": "polite" })
  const left = element("section", { class: "zt-rec-left", "aria-label": "Picture" }, tabs, stage, panel, tools, note)
  return { view, box, pen, stage, tabs, panel, tools, note, left }
}

/**
 * The picture on the left, and on the right what is made of it, below a bar that ends with what every page has.
 *
 * @param {import("../core/page.js").Page} page
 */
export function layout(page) {
  const parts = sourceParts()
  const bar = element("div", { class: "zt-rec-bar" })
  const groups = element("div", { class: "zt-rec-groups" })
  const top = element("div", { class: "zt-rec-top" }, bar, element("div", { class: "zt-tools" }, ...page.tools))
  const right = element("section", { class: "zt-rec-right", "aria-label": "Reconstructions" }, top, groups)
  page.arrange(element("div", { class: "zt-rec" }, parts.left, right))
  return { ...parts, bar, groups }
}

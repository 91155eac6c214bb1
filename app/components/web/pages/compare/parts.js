// The skeleton of Compare, and the buttons it is made of.

import { element, button as plain } from "../../ui/element.js"

export { element }

export function button(text, title, onclick, more = {}) {
  return plain(text, title, { onclick, ...more })
}

export function labelled(text, control) {
  return element("label", { class: "zt-cmp-field" }, element("span", {}, text), control)
}

export function picker(label, options, onchange) {
  const select = element("select", {
    class: "zt-cmp-select",
    "aria-label": label,
    onchange: () => onchange(select.value),
  })
  select.replaceChildren(...options.map(([value, text]) => element("option", { value }, text)))
  return select
}

/** A part of the page that opens under its title. */
export function section(title, id, open = false) {
  const body = element("div", { class: "zt-cmp-body" })
  const whole = element(
    "details",
    { class: "zt-cmp-section", "data-testid": id, open },
    element("summary", {}, title),
    body,
  )
  return { whole, body }
}

/** @param {import("../../core/page.js").Page} page */
export function layout(page) {
  const bar = element("div", { class: "zt-cmp-bar", role: "toolbar", "aria-label": "What all columns show" })
  const blind = element("div", { class: "zt-cmp-blind", "data-testid": "blind", hidden: true })
  const says = element("p", {
    class: "zt-cmp-says",
    role: "status",
    "aria-live": "polite",
    "data-testid": "compare-status",
    "data-frames": 0,
  })
  const columns = element("div", { class: "zt-cmp-columns", "data-testid": "columns" })
  const through = section("The same picture through all", "through")
  const toys = section("Mode coverage of the toys", "toys", true)
  const table = section("Figures", "figures", true)
  const top = element("div", { class: "zt-cmp-top" }, bar, element("div", { class: "zt-tools" }, ...page.tools))
  page.arrange(element("div", { class: "zt-cmp" }, top, blind, says, columns, through.whole, toys.whole, table.whole))
  return { bar, blind, says, columns, through, toys, table }
}

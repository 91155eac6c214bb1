// The skeleton of Outliers: the desk of Reconstruct on the left, and on the right the row and what is said of it.

import { button, element, layout as base } from "../../source/parts.js"

export { button, element }

/** @param {import("../../core/page.js").Page} page */
export function layout(page) {
  const parts = base(page)
  const { bar, groups } = parts
  groups.parentElement.setAttribute("aria-label", "How rare is each of these pictures?")
  bar.classList.add("zt-out-bar")
  const part = (name, title, tag = "section") =>
    element(tag, { class: `zt-out-${name}`, "aria-label": title, "data-testid": name })
  const named = {
    verdict: element("p", { class: "zt-out-verdict", role: "status", "aria-live": "polite", "data-testid": "verdict" }),
    row: part("row", "The row of pictures", "div"),
    charts: part("charts", "Scores against those of test pictures"),
    story: part("story", "What the scores say"),
    gains: part("gains", "What the model adds to the size of a file"),
    contest: part("contest", "One unit of probability"),
    refusal: part("refusal", "Who must answer and who may refuse"),
    everyone: part("everyone", "Every explicit model", "div"),
  }
  groups.replaceChildren(...Object.values(named))
  return { ...parts, ...named }
}

export const heading = (text, small = "") =>
  element("h3", { class: "zt-out-heading" }, text, small && element("small", {}, ` ${small}`))

export function picker(label, groups, chosen, onchange) {
  const option = ({ name, title }) => element("option", { value: name, selected: name === chosen }, title)
  const named = ([group, all]) => element("optgroup", { label: group }, ...all.map(option))
  const select = element(
    "select",
    { class: "zt-rec-select zt-out-select", "aria-label": label, onchange: () => onchange(select.value) },
    ...groups.map(named),
  )
  return select
}

/** Names with bars, {name, part, text, strong}; `kind` is said of all for those who do not see them. */
export function bars(all, kind) {
  const line = ({ name, part, text, strong }) => {
    const bar = element("i", { style: `--part: ${Number.isFinite(part) ? part : 0}` })
    return element(
      "div",
      { class: strong ? "zt-out-line zt-out-strong" : "zt-out-line", role: "listitem" },
      element("span", {}, name),
      bar,
      element("b", {}, text),
    )
  }
  return element("div", { class: "zt-out-bars", role: "list", "aria-label": kind }, ...all.map(line))
}

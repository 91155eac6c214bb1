// The family tree: branches of plain words to the left, the cards of their families as leaves to the right.

import { element } from "../../ui/element.js"

/** Give the tree with all cards on it, a card by its `about.branch`. */
export function grow(tree, families, cards) {
  return element("ul", { class: "zt-tree" }, ...tree.map((branch) => grown(branch, families, cards)))
}

function grown({ title, term, text, branches, families: kinds }, families, cards) {
  const label = element(
    "div",
    { class: "zt-label" },
    element("h2", {}, element("span", {}, title)),
    element("p", { class: "zt-term" }, term),
    element("p", {}, text),
  )
  const beyond = branches.length
    ? element("ul", { class: "zt-fork" }, ...branches.map((branch) => grown(branch, families, cards)))
    : leaves(kinds, families, cards)
  return element("li", { class: "zt-branch" }, label, beyond)
}

function leaves(kinds, families, cards) {
  const mine = kinds.flatMap((kind) => cards.filter((card) => card.about.branch === kind))
  const missing = kinds
    .filter((kind) => !cards.some((card) => card.about.branch === kind))
    .map((kind) => families[kind])
  const none = missing.length
    ? [element("p", { class: "zt-missing" }, `Not learnt from these pictures yet: ${missing.join(", ")}.`)]
    : []
  return element("div", { class: "zt-leaves" }, ...mine.map((card) => card.element), ...none)
}

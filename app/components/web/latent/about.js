// What is known about a model: its size, its data, and its measurements with the protocol of each.

import { element } from "../ui/element.js"

export function about(card) {
  const size = `${card.family}, ${card.parameters.toLocaleString("en")} parameters, trained on ${card.pictures}.`
  const rows = card.metrics.flatMap(({ name, value, unit, protocol }) => [
    element("dt", {}, name),
    element("dd", {}, `${number(value)} ${unit}`.trim()),
    element("dd", { class: "zt-protocol" }, protocol),
  ])
  const trained = card.trained ? [element("span", {}, card.trained)] : []
  return element(
    "div",
    { class: "zt-about" },
    element("span", { title: card.terms }, size),
    ...trained,
    element("dl", {}, ...rows),
  )
}

const number = (value) =>
  (Math.abs(value) >= 100 ? value.toFixed(1) : Number(value.toPrecision(3)).toString()).replace("-", "−")

// The row of one axis: its name, how much it says, a slider, and a strip of pictures over its whole range.

import { element } from "../ui/element.js"
import { stripOf } from "./strips.js"

const RATE =
  "Nats that this axis adds to the rate, mean over held-out pictures: a KL in closed form or, of a " +
  "posterior that has none, a log ratio by one draw of each, which may fall below zero"

/** Make the row of an axis; `most` is what the strongest axis says, `on` has drag, settled, active, jump and rename. */
export function axisRow(card, axis, most, on) {
  const { low, high, collapsed } = card.axes[axis]
  const label = element("button", { class: "zt-axis-name", type: "button", title: "Rename this axis" })
  const slider = element("input", {
    type: "range",
    min: low,
    max: high,
    step: "any",
    class: "zt-slider",
    "data-testid": "axis-slider",
    "data-steps": "",
  })
  slider.dataset.axis = axis
  const value = element("output", { class: "zt-value" })
  const strip = element("canvas", { class: "zt-strip" })
  const row = { label, slider, value, strip, low, high }
  label.addEventListener("click", () => renameable(label, "Name of the axis", (name) => on.rename(axis, name)))
  slider.addEventListener("input", (event) => on.drag([axis], [Number(slider.value)], event.timeStamp))
  slider.addEventListener("change", () => on.settled())
  slider.addEventListener("focus", () => on.active(axis))
  slider.addEventListener("dblclick", () => on.jump(axis, card.middle[axis]))
  stripOf(card, row, strip, (at) => on.jump(axis, at))
  const about = element(
    "span",
    { class: "zt-axis-about", title: card.axes[axis].kl === null ? "" : RATE },
    ...worth(card.axes[axis], most),
  )
  const head = element("div", { class: "zt-axis-head" }, label, about, value)
  row.element = element("div", { class: collapsed ? "zt-axis zt-dead" : "zt-axis" }, head, slider, strip)
  lock(row, false)
  return row
}

/** Show and keep, or no longer keep, a row from being moved. */
export function lock(row, held) {
  row.slider.disabled = held
  row.strip.title = held ? "This level is frozen" : "Click a picture to go there"
  row.element.classList.toggle("zt-held", held)
}

/** How much an axis says: what it adds to the rate, in nats, or the part of the pixels' range that it moves. */
function worth({ kl, spread, collapsed }, most) {
  const bar = element("i", { class: "zt-bar" })
  bar.style.setProperty("--part", Math.max(0, Math.min(1, (kl ?? spread) / most)))
  if (collapsed) return [`collapsed: ${signed(kl)} nats`]
  const text = kl === null ? (spread ? `moves pixels by ${(100 * spread).toFixed(1)} %` : "") : `${signed(kl)} nats`
  return text ? [bar, text] : []
}

const signed = (number) =>
  number
    .toFixed(2)
    .replace(/^-0\.00$/, "0.00")
    .replace("-", "−")

/** Put a field in the place of a label, and tell of the name that a person has typed. */
export function renameable(label, what, renamed) {
  const input = element("input", { class: "zt-rename", value: label.textContent, maxLength: 40, "aria-label": what })
  let done = false
  const finish = (keep) => {
    if (done) return
    done = true
    const name = input.value.trim()
    input.replaceWith(label)
    if (keep && name !== label.textContent) renamed(name)
  }
  input.addEventListener("keydown", (event) => {
    event.stopPropagation()
    if (event.key === "Enter") finish(true)
    if (event.key === "Escape") finish(false)
  })
  input.addEventListener("blur", () => finish(true))
  label.replaceWith(input)
  input.select()
}

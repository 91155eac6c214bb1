// The row of one direction: its name, what is known of it, a slider over some deviations to either side, and a strip of
// pictures.

import { element } from "../ui/element.js"
import { renameable } from "./row.js"
import { stripOf } from "./strips.js"

const REACH = 3 // deviations to either side, of a direction of one's own

/** Make the row of a direction; `on` has drag, settled and jump, and for one's own rename and drop. */
export function directionRow(card, direction, on) {
  const { kind, protocol, reach = REACH } = direction
  const name = spoken(direction)
  const own = kind === "own"
  const label = own
    ? element("button", { class: "zt-axis-name", type: "button", title: "Rename this direction" }, name)
    : element("span", { class: "zt-direction-name" }, name)
  const slider = element("input", {
    type: "range",
    min: -reach,
    max: reach,
    step: "any",
    class: "zt-slider",
    "data-steps": "",
    "data-testid": "direction-slider",
    "aria-label": `${name}, from −${reach} to ${reach} deviations`,
  })
  const value = element("output", { class: "zt-value" })
  const strip = element("canvas", { class: "zt-strip" })
  const row = { direction, label, slider, value, strip, low: -reach, high: reach }
  slider.addEventListener("input", (event) => on.drag(direction, Number(slider.value), event.timeStamp))
  slider.addEventListener("change", () => on.settled())
  slider.addEventListener("dblclick", () => on.jump(direction, 0))
  stripOf(card, row, strip, (at) => on.jump(direction, at))
  if (own)
    label.addEventListener("click", () =>
      renameable(label, "Name of the direction", (given) => on.rename(direction, given)),
    )
  const drop =
    own &&
    element(
      "button",
      {
        type: "button",
        class: "zt-direction-drop",
        "aria-label": `Remove ${name}`,
        title: "Remove this direction",
        onclick: () => on.drop(direction),
      },
      "×",
    )
  row.held = element("span", { class: "zt-direction-held", hidden: true })
  const about = element("span", { class: "zt-axis-about", title: protocol }, ...worth(direction), row.held)
  const head = element("div", { class: "zt-axis-head" }, label, about, value, drop || null)
  row.element = element("div", { class: "zt-axis zt-direction" }, head, slider, strip)
  return row
}

export const spoken = ({ name }) => name.replaceAll("_", " ")

/**
 * In how many pictures a direction brings about what it is named for, or how well it tells them apart, or its variance.
 */
function worth({ kind, value, base, length, moved }) {
  if (kind === "own") return [`from A to B: ${length.toFixed(1)} σ`]
  const bar = element("i", { class: "zt-bar" })
  const tried = (moved ?? null) !== null
  bar.style.setProperty("--part", tried ? moved : base === null ? value : (value - base) / Math.max(1e-6, 1 - base))
  const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`
  if (tried) return [bar, `changes it in ${percent(moved)} of pictures`]
  return base === null
    ? [bar, `${percent(value)} of the variance`]
    : [bar, `${percent(value)} right, by guessing ${percent(base)}`]
}

/** Show how a row can be moved, of which `share` lies on axes that are not frozen. */
export function hold(row, share, least) {
  row.slider.disabled = share < least
  row.held.hidden = share > 0.999
  row.held.textContent = share < least ? "frozen" : `moves its unfrozen ${Math.round(100 * share)} %`
  row.element.classList.toggle("zt-held", share < least)
  row.strip.title = share < least ? "What this direction would move is frozen" : "Click a picture to go there"
}

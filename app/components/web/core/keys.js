// The keys of Explore. They are caught before Streamlit sees them, whose own R runs the page again.

import { giveBack, taken } from "./focus.js"

export const KEYS = [
  ["← → ↑ ↓", "move the point on the plane, or the focused slider, by a step"],
  ["Shift + arrow", "by ten steps"],
  ["R", "random draw"],
  ["N", "nudge: a small random step"],
  ["U", "undo"],
  ["Shift + U", "redo"],
  ["0", "reset to where the model opens"],
  ["L", "where there are levels: freeze one after the other, then none"],
  ["K", "keep this picture as a bookmark"],
  ["1 – 9", "go to a bookmark"],
  ["G", "record a gesture, or stop; Morph plays it as a path"],
  ["Delete", "remove the focused bookmark"],
  ["H", "heat map of what the active axis moves"],
  ["D", "dots of the data on or off"],
  ["P", "soft or visible pixels"],
  ["F", "lecture: full screen, large type"],
  ["?", "this list"],
]

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

/**
 * Listen for keys; `acts` has one function per key, digit(number) and arrow(dx, dy, tenfold). Returns how to stop
 * listening.
 */
export function listen(root, acts) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || taken(event) || elsewhere(root)) return
    if (event.key !== "?" && root.querySelector("dialog[open]")) return
    const arrow = ARROWS[event.key]
    const act = arrow ? () => acts.arrow(...arrow, event.shiftKey, event.timeStamp) : named(acts, event)
    if (!act) return
    event.preventDefault()
    event.stopImmediatePropagation()
    act()
  }
  const release = (event) => ARROWS[event.key] && acts.arrowEnd()
  const letGo = giveBack(root)
  window.addEventListener("keydown", press, true)
  window.addEventListener("keyup", release, true)
  return () => {
    letGo()
    window.removeEventListener("keydown", press, true)
    window.removeEventListener("keyup", release, true)
  }
}

function named(acts, event) {
  if (/^[0-9]$/.test(event.key)) return () => acts.digit(Number(event.key))
  if (event.key === "U" || (event.key === "u" && event.shiftKey)) return acts.redo
  return acts[event.key.length === 1 ? event.key.toLowerCase() : event.key]
}

/** Whether the focus lies outside the component, on something of Streamlit's that has a use for keys. */
function elsewhere(root) {
  const focus = document.activeElement
  return focus && focus !== document.body && !root.contains(focus) && focus.closest("[role=dialog], [role=menu], input")
}

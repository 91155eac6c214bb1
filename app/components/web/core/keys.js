// The keys of a page. They are caught before Streamlit sees them, whose own R runs the page again.

import { giveBack, taken } from "./focus.js"

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

/**
 * Listen for keys; `acts` has one function per key, and where these are of use digit(number), arrow(dx, dy, tenfold,
 * since) and arrowEnd(). Returns how to stop listening.
 */
export function listen(root, acts) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || taken(event) || elsewhere(root)) return
    if (event.key !== "?" && root.querySelector("dialog[open]")) return
    const arrow = ARROWS[event.key]
    const act = arrow ? acts.arrow?.bind(null, ...arrow, event.shiftKey, event.timeStamp) : named(acts, event)
    if (!act) return
    event.preventDefault()
    event.stopImmediatePropagation()
    act()
  }
  const release = (event) => ARROWS[event.key] && acts.arrowEnd?.()
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
  if (/^[0-9]$/.test(event.key)) return acts.digit?.bind(null, Number(event.key))
  if (event.key === "U" || (event.key === "u" && event.shiftKey)) return acts.redo
  return acts[event.key.length === 1 ? event.key.toLowerCase() : event.key]
}

/** Whether the focus lies outside the component, on something of Streamlit's that has a use for keys. */
function elsewhere(root) {
  const focus = document.activeElement
  return focus && focus !== document.body && !root.contains(focus) && focus.closest("[role=dialog], [role=menu], input")
}

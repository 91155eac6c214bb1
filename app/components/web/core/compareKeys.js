// The keys of Compare. They are caught before Streamlit sees them, whose own R runs the page again.

import { giveBack, taken } from "./focus.js"

export function listen(root, acts) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || taken(event)) return
    const focus = document.activeElement
    if (focus && focus !== document.body && !root.contains(focus)) return
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act) return
    event.preventDefault()
    event.stopImmediatePropagation()
    act()
  }
  const letGo = giveBack(root)
  window.addEventListener("keydown", press, true)
  return () => {
    letGo()
    window.removeEventListener("keydown", press, true)
  }
}

// The keys of Compare. They are caught before Streamlit sees them, whose own R runs the page again.

export function listen(root, acts) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event)) return
    const focus = document.activeElement
    if (focus && focus !== document.body && !root.contains(focus)) return
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act) return
    event.preventDefault()
    event.stopImmediatePropagation()
    act()
  }
  window.addEventListener("keydown", press, true)
  return () => window.removeEventListener("keydown", press, true)
}

function typing(event) {
  const target = event.composedPath()[0]
  if (target.tagName === "INPUT") return !["range", "checkbox"].includes(target.type)
  return ["TEXTAREA", "SELECT"].includes(target.tagName) || target.isContentEditable
}

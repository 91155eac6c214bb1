// Who has the keys: a field as long as one types in it, a list until one has chosen, a slider its own arrows, else the
// page.

const STEPS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]

/**
 * Whether a key belongs to what has the focus, and not to the page. A slider whose steps the page takes says
 * `data-steps`.
 */
export function taken(event) {
  const target = event.composedPath()[0]
  if (target.type === "range") return STEPS.includes(event.key) && !("steps" in target.dataset)
  if (target.tagName === "INPUT") return target.type !== "checkbox"
  return ["TEXTAREA", "SELECT"].includes(target.tagName) || Boolean(target.isContentEditable)
}

/**
 * Have lists and fields of a part of the page give the focus back: a list once one has chosen from it, but for who
 * steps through it by keys, and a field at Enter. Tab goes on from there. Returns how to stop.
 */
export function giveBack(root) {
  let stepping = false
  const key = (event) => {
    stepping = event.target.tagName === "SELECT" && event.key !== "Enter" && event.key !== " "
    const done =
      event.key === "Enter" ? "input:not([type=range], .zt-rename)" : event.key === "Escape" ? "select" : null
    if (done && event.target.matches(done)) event.target.blur() // which takes what was typed
  }
  const point = () => (stepping = false)
  const choice = (event) => event.target.tagName === "SELECT" && !stepping && event.target.blur()
  const all = [
    ["keydown", key],
    ["pointerdown", point],
    ["change", choice],
  ]
  for (const [name, hear] of all) root.addEventListener(name, hear)
  return () => all.forEach(([name, hear]) => root.removeEventListener(name, hear))
}

// What Streamlit calls at each of its runs: the default export of a component's module.

/**
 * The default export of the component whose element is that of `part`. `open(root, page, data)` makes what lives in the
 * element, with `update(component)` for each run and `close()` for when the element has gone.
 */
export function mounting(part, open) {
  const mounted = new WeakMap() // element → {made, turn}
  return (component, page) => {
    const root = component.parentElement.querySelector(`[data-part="${part}"]`)
    if (!mounted.has(root)) mounted.set(root, { made: open(root, page, component.data), turn: 0 })
    const here = mounted.get(root)
    here.made.update(component)
    const turn = ++here.turn
    return () => {
      if (here.turn !== turn) return // a run that was overtaken is cleaned up, while what lives here lives on
      mounted.delete(root)
      here.made.close()
    }
  }
}

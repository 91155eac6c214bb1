// What Streamlit calls at each of its runs: the default export of a component's module.

import { arrived, here } from "./address.js"

/**
 * The default export of the component of a page, whose element is that of `part`. `open(root, page, data)` makes what
 * lives in the element, with `update(component)` for each run, `close()` for when the element has gone, and where the
 * page begins entries of the history of its own `back(query)`: Streamlit, which may not have heard of the entry that is
 * left, need not find news in the one that is entered. While the address names another page, nothing is told to
 * Streamlit, which would take it for a wish to see this one.
 */
export function mounting(name, open, part = name) {
  const mounted = new WeakMap() // element → {made, turn, back}
  return (component, page) => {
    const root = component.parentElement.querySelector(`[data-part="${part}"]`)
    arrived(name)
    if (!mounted.has(root)) mounted.set(root, living(name, open(root, page, component.data)))
    const lives = mounted.get(root)
    lives.made.update(speaking(name, component))
    const turn = ++lives.turn
    const end = () => {
      // A run that was overtaken is cleaned up, and so is one that another is about to follow: what lives here lives on
      if (lives.turn !== turn || root.isConnected) return
      mounted.delete(root)
      window.removeEventListener("popstate", lives.back)
      lives.made.close()
    }
    return () => setTimeout(end)
  }
}

function living(name, made) {
  const back = (event) => here(name) && made.back?.(new URLSearchParams(window.location.search), event.state)
  window.addEventListener("popstate", back)
  return { made, back, turn: 0 }
}

const speaking = (name, { data, setStateValue, setTriggerValue }) => ({
  data,
  setStateValue: (...told) => here(name) && setStateValue(...told),
  setTriggerValue: (...told) => here(name) && setTriggerValue(...told),
})

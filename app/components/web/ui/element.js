// Makes DOM elements: element("button", { class: "quiet", onclick }, "Text", child, …).

export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value)
    else if (name in made && !name.includes("-") && name !== "list") made[name === "class" ? "className" : name] = value
    else made.setAttribute(name === "class" ? "class" : name, value === true ? "" : value)
  }
  made.append(...children.filter((child) => child !== null && child !== undefined))
  return made
}

/** A button of ours, and one that is switched on and off. */
export const button = (text, title, properties = {}) =>
  element("button", { type: "button", class: "zt-button", title, ...properties }, text)
export const toggle = (text, title, properties = {}) => button(text, title, { "aria-pressed": "false", ...properties })

/** Calls `act` once no further call has come for `wait` milliseconds, or at once where it is flushed. */
export function settle(act, wait) {
  let timer = 0
  const cancel = () => {
    clearTimeout(timer)
    timer = 0
  }
  const now = () => {
    cancel()
    act()
  }
  const later = () => {
    cancel()
    timer = setTimeout(now, wait)
  }
  return Object.assign(later, { cancel, flush: () => timer && now() })
}

export const reducedMotion = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches

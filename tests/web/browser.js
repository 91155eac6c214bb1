// As much of a browser as an address needs: one window, its location and the entries of its history.

export const entries = [{ state: null, url: "/" }]

export const location = {
  get href() {
    return new URL(entries.at(-1).url, "http://here/").href
  },
  get pathname() {
    return new URL(location.href).pathname
  },
  get search() {
    return new URL(location.href).search
  },
}

class History {
  pushState(state, _, url) {
    entries.push({ state, url })
  }
  replaceState(state, _, url) {
    entries[entries.length - 1] = { state, url }
  }
}

const listening = { addEventListener: () => {} }
Object.assign(globalThis, { History, document: listening, window: { ...listening, history: new History(), location } })

/** Open an address, as a person does. */
export const visit = (url) => entries.push({ state: null, url })

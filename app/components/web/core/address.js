// The browser's address and history. A page has one entry, whose address follows what is shown; another entry begins
// with another page, or another model. The address is the person's: Streamlit follows it and never moves it.

const [push, replace] = ["pushState", "replaceState"].map((name) => History.prototype[name].bind(window.history))

const LOGO = "[data-testid=stLogoLink]"
// A link of Streamlit's own navigation would add a second entry where the page it leaves has bound its choice to the
// address.
const LINKS = ["stTopNavLink", "stTopNavDropdownLink", "stSidebarNavLink"].map((id) => `[data-testid=${id}]`).join()

let drawn = "" // the page that Streamlit draws
let asked = false // whether Streamlit has been asked again for the page that the address names, since the address moved

/**
 * Whether a page is the one that the address names; one that has been left, and is still here, has nothing to tell any
 * more.
 */
export const here = (page) => page === (window.location.pathname.split("/").pop() || "home")

/** Streamlit draws a page. */
export function arrived(page) {
  drawn = page
  if (here(page)) asked = false
}

/** What the address says, by name. */
export const search = () => Object.fromEntries(new URLSearchParams(window.location.search))

/**
 * Write what a page shows into the address, field by field; `step` begins an entry of the history. `snapshot` marks the
 * entry with what Back is to find there.
 */
export function write(page, query, step = false, snapshot = {}) {
  if (!here(page)) return
  const fields = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "")
  // As Python writes it
  const text = new URLSearchParams(fields).toString().replaceAll("%7E", "~").replaceAll("*", "%2A")
  const address = `${window.location.pathname}${text && "?"}${text}`
  if (step && text !== window.location.search.slice(1)) push(snapshot, "", address)
  else replace(snapshot, "", address)
}

/** Mark the entry of the history that is shown with what Back is to find there. */
export const mark = (snapshot) => replace(snapshot, "", window.location.href)

/** Open another page of ours: one more entry, to which Streamlit turns as it does for Back and Forward. */
export function visit(address) {
  push({}, "", address)
  asked = false
  turn()
}

const turn = () => window.dispatchEvent(new PopStateEvent("popstate", { state: {} }))

window.addEventListener("popstate", (event) => event.isTrusted && (asked = false))
document.addEventListener("click", follow, true)
window.history.pushState = (...entry) => follows(...entry) && push(...entry)
window.history.replaceState = (...entry) => follows(...entry) && replace(...entry)

/**
 * Whether Streamlit may write an address: it has one of its own on Home alone, the choice that is bound to it. Runs
 * come late, and would write the query of a gesture before, or put a page back that has been left. Where such a run was
 * of another page it may have been its last, so it is asked for the page of the address.
 */
function follows(_state, _title, address) {
  if (here(drawn) && new URL(address, window.location.href).pathname === window.location.pathname)
    return drawn === "home"
  if (!asked) setTimeout(turn) // once it is through with that run's message
  asked = true
  return false
}

function follow(event) {
  const link = event.target.closest?.(`${LINKS}, ${LOGO}`)
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  event.stopPropagation()
  const address = new URL(link.href ?? "./", window.location.href)
  if (address.pathname !== window.location.pathname) visit(address.href)
}

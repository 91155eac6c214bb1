// The browser's address and history. A page has one entry, whose address follows what is shown; another entry begins with
// another page, or another model. Streamlit finds an address that it would write already there, and adds none.

/** Whether a page is the one that the address names; one that has been left, and is still here, has nothing to tell any more. */
export const here = (page) => window.location.pathname.endsWith(`/${page}`)

/** Write what a page shows into the address, field by field in the order of app/views; `step` begins an entry of the history. */
export function write(page, query, step = false) {
  if (!here(page)) return
  const fields = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "")
  const search = new URLSearchParams(fields).toString().replaceAll("%7E", "~").replaceAll("*", "%2A") // as Python writes it
  if (search === window.location.search.slice(1)) return
  const address = `${window.location.pathname}${search && "?"}${search}`
  if (step) window.history.pushState({}, "", address)
  else window.history.replaceState({}, "", address)
}

/** Open another page of ours: one more entry, to which Streamlit turns as it does for Back and Forward. */
export function visit(address) {
  window.history.pushState({}, "", address)
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} }))
}

// A link of Streamlit's own navigation would add a second entry where the page it leaves has bound its choice to the address.
const LINKS = ["stTopNavLink", "stTopNavDropdownLink", "stSidebarNavLink"].map((id) => `[data-testid=${id}]`).join()

document.addEventListener("click", follow, true)

function follow(event) {
  const link = event.target.closest?.(LINKS)
  if (!link?.href || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  event.stopPropagation()
  if (new URL(link.href).pathname !== window.location.pathname) visit(link.href)
}

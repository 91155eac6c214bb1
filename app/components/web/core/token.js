// The name under which this tab's view is kept: nobody else can guess it, and no other tab shares it.
//
// It lives in the session storage, so that it outlives a reload. A browser copies that storage when it duplicates a
// tab; hence tabs ask each other, and the younger of two with one token takes a new one.

const KEY = "zoetrope-token"

/** 24 random bytes, base64url. Not crypto.randomUUID, which a page without https does not have. */
function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(24))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
}

function stored() {
  try {
    return sessionStorage.getItem(KEY)
  } catch {
    return null // storage is denied: the token lives as long as the page
  }
}

function keep(value) {
  try {
    sessionStorage.setItem(KEY, value)
  } catch {
    // as above
  }
  return value
}

/** `value` is the token to keep under, `before` the one that may hold a view from before this page was loaded. */
export const token = { value: keep(stored() ?? fresh()) }
token.before = token.value

/**
 * By this the server tells people apart, so that they take turns. It opens nothing, and so it may stand in addresses.
 */
export const person = fresh()

const me = fresh()
const tabs = new BroadcastChannel("zoetrope-tabs")
tabs.onmessage = ({ data }) => {
  if (data.claim === token.value && data.from !== me) tabs.postMessage({ taken: data.claim, by: data.from })
  if (data.taken === token.value && data.by === me) token.value = keep(fresh())
}
tabs.postMessage({ claim: token.value, from: me })

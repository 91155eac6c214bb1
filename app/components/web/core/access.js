// Says in words why a page stays empty or a channel does not open, where something between browser and server is to
// blame.
//
// It needs nothing of Streamlit: a page that gets no WebSocket gets nothing of Streamlit either.

const page = new URL("../../../", import.meta.url)
const PATIENCE = 4000 // milliseconds that a page may take to connect
const PAUSE = 3000 // between two looks
const OPENING = 5000 // that a WebSocket may take
const CONNECTED = '[data-test-connection-state="CONNECTED"]'
const NO_SOCKET =
  "This page reached the server but could not open a WebSocket, and nothing here works without one. A " +
  "proxy between has to let them pass: " +
  "docs/deployment.md has the lines for nginx."

/** The sentence that says what keeps this page from the server; null where nothing does, or nobody answers. */
export async function obstacle() {
  const answer = await fetch(new URL("access", page), { method: "POST" }).catch(() => null)
  if (!answer) return null
  if (answer.ok) return (await opens(new URL("live", page))) ? null : NO_SOCKET
  const { error } = await answer.json().catch(() => ({}))
  return error ?? null
}

function opens(url) {
  url.protocol = url.protocol.replace("http", "ws")
  return new Promise((resolve) => {
    const socket = new WebSocket(url)
    const end = (opened) => {
      clearTimeout(timer)
      socket.onopen = socket.onerror = null
      socket.close()
      resolve(opened)
    }
    const timer = setTimeout(() => end(false), OPENING)
    socket.onopen = () => end(true)
    socket.onerror = () => end(false)
  })
}

const STYLE =
  "position:fixed;inset:15vh 1rem auto;max-width:42rem;margin:auto;padding:1.1rem " +
  "1.3rem;border-radius:var(--radius-large);z-index:1000000;" +
  "font:var(--type-text)/1.5 'Source Sans',system-ui,sans-serif;background:#fff7ed;color:#231f1a;border:1px solid " +
  "#c2410c;overflow-wrap:anywhere;white-space:pre-line"

const sign = document.createElement("p")
sign.setAttribute("role", "alert")
sign.dataset.testid = "obstacle"
sign.style.cssText = STYLE

async function look() {
  const sentence = document.querySelector(CONNECTED) ? null : await obstacle()
  if (sentence && !document.querySelector(CONNECTED)) {
    sign.textContent = sentence.replace(": zoetrope run", ":\nzoetrope run") // a line to be copied
    document.body.append(sign)
  } else sign.remove()
  setTimeout(look, PAUSE)
}

setTimeout(look, PATIENCE)

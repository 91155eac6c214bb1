// Ways to take a picture along: a link, and three lines of Python.

export function linkTo(page, query, to = "explore") {
  const link = new URL(to, page)
  link.search = Object.entries(query)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`)
    .join("&")
  return link.href
}

export function python(view) {
  const label = view.y === null || view.y === undefined ? "" : `, torch.tensor([${view.y}])`
  const z = view.z.map((value) => (Number.isInteger(value) ? value.toFixed(1) : value)).join(", ")
  return [
    "import engine, torch",
    `model = engine.load("${view.card.name}")`,
    `picture = model.decode(torch.tensor([[${z}]])${label})[0]`,
  ].join("\n")
}

/** Put a text on the clipboard; false where the browser forbids it. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

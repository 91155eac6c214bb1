// Messages of the live channel as bytes. The wire protocol is written down at the top of app/live.py.

/** A message: a header, and rows of float32 one after the other. */
export function encode(header, rows = []) {
  const text = new TextEncoder().encode(JSON.stringify(header))
  const message = new Uint8Array(4 + text.length + rows.reduce((sum, part) => sum + part.byteLength, 0))
  new DataView(message.buffer).setUint32(0, text.length, true)
  message.set(text, 4)
  let at = 4 + text.length
  for (const part of rows) {
    message.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  return message
}

/** The header of a message; each of its panels gets its own `payload`. */
export function decode(data) {
  const length = new DataView(data).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)))
  let at = 4 + length
  for (const panel of header.panels ?? []) {
    panel.payload = data.slice(at, at + (panel.bytes ?? 0))
    at += panel.bytes ?? 0
  }
  return header
}

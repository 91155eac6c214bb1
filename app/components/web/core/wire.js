// Messages of the live channel as bytes, as docs/protocol.md has them.

import { FOLLOWING } from "./verbs.js"

/** @typedef {import("./verbs.js").Result} Result */
/** @typedef {{queue: number, model: number, encode: number, network?: number}} Timing milliseconds */
/** @typedef {{id: number, results: any, ms: Timing, made: any, [field: string]: any}} Answer */

/** A message: a header, and typed arrays, of float32 or of bytes, one after the other. */
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

/** The header of a message; each of its results gets its own `payload`, without the floats that follow pictures. */
export function decode(data) {
  const length = new DataView(data).getUint32(0, true)
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, length)))
  let at = 4 + length
  for (const result of header.results ?? []) {
    result.payload = data.slice(at, at + (result.bytes ?? 0))
    at += result.bytes ?? 0
    cutFloats(result)
  }
  return header
}

/** Give a result what follows its pictures as float32, under its name. */
function cutFloats(result) {
  const fields = Object.keys(FOLLOWING).filter((field) => result[field])
  const counts = fields.map((field) => result[field].reduce((product, side) => product * side, 1))
  const start = result.payload.byteLength - 4 * counts.reduce((sum, count) => sum + count, 0)
  let at = start
  fields.forEach((field, i) => {
    result[FOLLOWING[field]] = new Float32Array(result.payload.slice(at, (at += 4 * counts[i])))
  })
  result.payload = result.payload.slice(0, start)
}

import assert from "node:assert/strict"
import { test } from "node:test"

import { decode, encode } from "../../app/components/web/core/wire.js"

const buffer = (bytes) => bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)

test("a message is the length of its header, the header, and its rows one after the other", () => {
  const message = encode({ op: "show", ü: 1 }, [Float32Array.of(1, -2), Uint8Array.of(7, 8, 9)])
  const view = new DataView(message.buffer)
  const length = view.getUint32(0, true)
  assert.equal(length, new TextEncoder().encode('{"op":"show","ü":1}').length)
  assert.equal(message.length, 4 + length + 8 + 3)
  assert.equal(view.getFloat32(4 + length, true), 1)
  assert.equal(view.getFloat32(8 + length, true), -2)
  assert.deepEqual([...message.slice(-3)], [7, 8, 9])
})

test("rows that are a part of a larger array travel alone", () => {
  const message = encode({}, [Float32Array.of(1, 2, 3, 4).subarray(1, 3)])
  assert.deepEqual([...new Float32Array(message.buffer.slice(6))], [2, 3])
})

test("each result gets its own bytes, and the floats that follow its pictures", () => {
  const header = {
    id: 3,
    results: [
      { shape: [2, 1, 1, 1], bytes: 2 + 16, latent: [2, 2] },
      { error: "gone" },
      { bytes: 4 + 12 + 8, apart: [1, 3], losses: [2, 1] },
    ],
  }
  const floats = [1, 2, 3, 4]
  const message = encode(header, [
    Uint8Array.of(5, 6),
    Float32Array.from(floats),
    Uint8Array.of(1, 2, 3, 4),
    Float32Array.of(9, 8), // losses come before distances
    Float32Array.of(0.25, 0.5, 0.75),
  ])
  const { id, results } = decode(buffer(message))
  assert.equal(id, 3)
  assert.deepEqual([...new Uint8Array(results[0].payload)], [5, 6])
  assert.deepEqual([...results[0].z], floats)
  assert.equal(results[1].payload.byteLength, 0)
  assert.deepEqual([...new Uint8Array(results[2].payload)], [1, 2, 3, 4])
  assert.deepEqual([...results[2].losses], [9, 8])
  assert.deepEqual([...results[2].distance], [0.25, 0.5, 0.75])
})

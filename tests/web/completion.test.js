import assert from "node:assert/strict"
import { test } from "node:test"

import "./browser.js"
import { Drawing } from "../../app/components/web/latent/drawing.js"
import {
  completionState,
  lay,
  mask,
  packed,
  preset,
  undo,
  unpack,
} from "../../app/components/web/pages/complete/completionState.js"

const shape = [1, 4, 6]

test("ready-made regions hide what they say", () => {
  const count = (name) => preset(name, 4, 6).reduce((sum, one) => sum + one, 0)
  assert.deepEqual(["lower", "right", "middle", "all", "none"].map(count), [12, 12, 4, 24, 0])
  assert.deepEqual([...preset("right", 1, 4)], [0, 0, 1, 1])
})

test("a mask comes back bit for bit from what is kept, and is taken back by undo", () => {
  const odd = Uint8Array.from({ length: 24 }, (_, pixel) => ((pixel * 7) % 3 === 0 ? 1 : 0))
  assert.deepEqual(mask(shape), preset("lower", 4, 6))
  lay(shape, odd)
  const kept = packed()
  assert.equal(undo(shape), true)
  assert.deepEqual(mask(shape), preset("lower", 4, 6))
  assert.equal(undo(shape), false)
  unpack(kept)
  assert.deepEqual(mask(shape), odd)
  unpack({ hidden: { "4×6": "AA==" } }) // of another size: left out
  assert.deepEqual(mask(shape), odd)
  completionState.past = []
})

const card = { name: "toy", shape: [1, 2, 3], levels: 2 }
const hidden = Uint8Array.from([0, 1, 1, 0, 1, 0])
const begin = () => new Drawing(card, Uint8Array.from([9, 9, 9, 9, 9, 9]), hidden, [5], null)

test("hidden pixels are drawn in order, and what is given is kept", () => {
  const drawing = begin()
  assert.deepEqual([...drawing.pictures[0]], [9, 0, 0, 9, 0, 9])
  assert.deepEqual([drawing.total, drawing.shown, drawing.ready, drawing.done], [3, 0, 0, false])
  assert.equal(drawing.current, undefined)
})

test("stretches are whole rows with something to draw, and end where all is known", () => {
  const drawing = begin()
  assert.deepEqual(drawing.stretch(1), { first: 0, last: 3 })
  drawing.take({ payload: Uint8Array.of(9, 1, 2, 9, 0, 9).buffer, ms: { model: 2 } }, { first: 0, last: 3 })
  assert.deepEqual([drawing.ready, drawing.model], [2, 2])
  drawing.show(5)
  assert.deepEqual([drawing.shown, drawing.current], [2, 2]) // no more than is known
  assert.deepEqual(drawing.stretch(4), { first: 3, last: 6 })
  drawing.take({ payload: Uint8Array.of(9, 1, 2, 9, 3, 9).buffer, ms: { model: 2 } }, { first: 3, last: 6 })
  assert.equal(drawing.stretch(1), null)
  drawing.show(Infinity)
  assert.equal(drawing.done, true)
})

test("a pixel's chances are those of its channels, where they were sent", () => {
  const drawing = begin()
  const chances = Float32Array.from({ length: 6 }, (_, i) => i / 10) // 3 pixels of 2 levels
  drawing.take({ payload: new ArrayBuffer(6), chances, ms: { model: 1 } }, { first: 0, last: 3 })
  const { chances: found } = drawing.told(1, 0)
  assert.deepEqual(
    found.map((all) => [...all]),
    [[...Float32Array.of(0.2, 0.3)]],
  )
  assert.equal(drawing.told(0, 0).chances, undefined) // a given pixel
})

test("switches come back with the masks, and one that does not fit is said", () => {
  const said = []
  unpack({ count: 3, rival: "toy", other: "plain", speed: 99 }, (sentence) => said.push(sentence))
  const { count, rival, other, speed } = completionState
  assert.deepEqual([count, rival, other, speed], [3, "toy", "plain", 4])
  assert.deepEqual(said, ["What was kept of speed does not fit and is left out."])
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { between, freedom, moveTo, placeOf } from "../../app/components/web/latent/along.js"
import { axis, card } from "./cards.js"

const near = (found, wanted) =>
  wanted.forEach((value, i) => assert.ok(Math.abs(found[i] - value) < 1e-4, String(found)))
const diagonal = { vector: [0.6, 0.8], mean: 1, deviation: 2 }

test("a place along a direction is in deviations from the mean", () => {
  assert.equal(placeOf(diagonal, [3, 4]), 2)
})

test("a latent is moved to a place, along the direction alone", () => {
  const z = [3, 4]
  moveTo(diagonal, z, -0.5, [1, 1])
  near(z, [0, 0])
})

test("what is held stays, and the rest goes as far as is needed", () => {
  const z = [3, 4]
  moveTo(diagonal, z, 3, [1, 0])
  assert.equal(z[1], 4)
  near([placeOf(diagonal, z)], [3])
  near([freedom(diagonal, [1, 0])], [0.36])
})

test("the direction between two boxes goes from mean to mean, in deviations of the axes", () => {
  const axes = [axis({ deviation: 2 }), axis({ deviation: 1 })]
  const made = between(
    [
      [0, 0],
      [2, 0],
    ],
    [[4, 4]],
    card(2, { axes, middle: [5, 0] }),
  )
  near(made.vector, [0.6, 0.8])
  near([made.mean, made.deviation, made.length], [3, Math.hypot(1.2, 0.8), 5 / Math.hypot(1.2, 0.8)])
})

test("two boxes with one mean have no direction", () => {
  assert.equal(
    between(
      [[1, 1]],
      [
        [0, 0],
        [2, 2],
      ],
      card(2),
    ),
    null,
  )
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { View, axisName, fits, round, same, strongest } from "../../app/components/web/latent/view.js"
import { axis, card } from "./cards.js"

const at = (z, more = {}) => ({ z, y: null, axes: null, ...more })

test("a latent has four digits and no negative zero", () => {
  assert.equal(round(0.123449), 0.1234)
  assert.ok(Object.is(round(-0.00001), 0))
})

test("an axis goes as far beyond its slider as the card allows", () => {
  const view = new View(card(2), at([0, 0]))
  view.set(0, 100)
  view.set(1, -100)
  assert.deepEqual(view.z, [4, -4]) // middle 0, half 2, twice as far
})

test("moving a latent ends the claim of a seed, moving it nowhere does not", () => {
  const view = new View(card(2), at([0.5, 0]))
  view.claim(7)
  view.set(0, 0.5)
  assert.equal(view.seed, 7)
  view.set(0, 0.6)
  assert.equal(view.seed, null)
})

test("undo and redo walk through what was shown, and a new step forgets what was undone", () => {
  const view = new View(card(1), at([0]))
  for (const value of [1, 2, 3]) {
    view.set(0, value)
    assert.equal(view.keep(), true)
  }
  assert.equal(view.keep(), false)
  assert.deepEqual(view.step(-1).z, [2])
  assert.deepEqual(view.step(-1).z, [1])
  assert.deepEqual(view.step(1).z, [2])
  view.replace([-1])
  view.keep()
  assert.equal(view.step(1), null)
  assert.deepEqual(
    view.past.map(({ z }) => z[0]),
    [0, 1, 2, -1],
  )
})

test("two hundred steps are remembered", () => {
  const view = new View(card(1), at([0]))
  for (let step = 1; step <= 300; step++) {
    view.set(0, step / 100)
    view.keep()
  }
  assert.equal(view.past.length, 201)
  assert.equal(view.at, 200)
})

test("the history before a reload comes before that since", () => {
  const view = new View(card(1), at([1]))
  view.set(0, 2)
  view.keep()
  view.remember(
    [
      { z: [0], y: null },
      { z: [1], y: null },
    ],
    1,
  )
  assert.deepEqual(
    view.past.map(({ z }) => z[0]),
    [0, 1, 2],
  )
  assert.equal(view.at, 2)
})

test("the address has class and axes only where they were chosen", () => {
  assert.deepEqual(new View(card(3), at([1, 0.5, 0])).query(), { model: "toy", z: "1,0.5,0" })
  const chosen = new View(card(3, { classes: ["a", "b"] }), at([1, 0, 0], { y: 1, axes: [0, 2] }))
  assert.deepEqual(chosen.query(), { model: "toy", z: "1,0,0", y: "1", axes: "0,2" })
})

test("the plane takes the strongest axes, by KL where there is one", () => {
  const axes = [axis({ kl: 0.1, spread: 9 }), axis({ kl: 3 }), axis({ kl: 2 })]
  assert.deepEqual(strongest(card(3, { axes })), [1, 2, 0])
  assert.deepEqual(new View(card(3, { axes }), at([0, 0, 0])).axes, [1, 2])
  assert.deepEqual(new View(card(2), at([0, 0])).axes, [0, 1])
})

test("a snapshot fits a model by its length, its numbers and its class", () => {
  const [plain, conditional] = [card(2), card(2, { classes: ["a", "b"] })]
  assert.equal(fits({ z: [0, 1], y: null }, plain), true)
  assert.equal(fits({ z: [0], y: null }, plain), false)
  assert.equal(fits({ z: [0, NaN], y: null }, plain), false)
  assert.equal(fits({ z: [0, 1], y: 0 }, plain), false)
  assert.equal(fits({ z: [0, 1], y: 2 }, conditional), false)
  assert.equal(fits(undefined, plain), false)
})

test("a seed belongs to no snapshot's identity", () => {
  assert.equal(same({ z: [1], y: null, seed: 1 }, { z: [1], y: null, seed: 2 }), true)
  assert.equal(same({ z: [1], y: 0 }, { z: [1], y: 1 }), false)
})

test("an axis has the name that a person gave, else the card's, else its place in its level", () => {
  const levels = [
    { name: "z2", axes: [0, 1] },
    { name: "z1", axes: [2] },
  ]
  const of = card(3, { levels, axes: [axis(), axis({ name: "smile" }), axis()] })
  assert.deepEqual(
    [0, 1, 2].map((i) => axisName(of, { 0: "mine" }, i)),
    ["mine", "smile", "z1[0]"],
  )
  assert.equal(axisName(card(2), {}, 1), "z1")
})

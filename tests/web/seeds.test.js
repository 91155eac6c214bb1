import assert from "node:assert/strict"
import { test } from "node:test"

import "./browser.js"
import { ALL, classesOf, letter, seeds, takeSeeds, view, written } from "../../app/components/web/pages/compare/view.js"

test("seeds are read as people write them", () => {
  assert.equal(takeSeeds("100"), "")
  assert.deepEqual([view.seed, seeds().length], [[100], view.n])
  assert.equal(takeSeeds("100 – 103"), "")
  assert.deepEqual(seeds(), [100, 101, 102, 103])
  assert.equal(takeSeeds("3, 5;8"), "")
  assert.deepEqual(seeds(), [3, 5, 8])
  assert.equal(written(), "3, 5, 8")
  assert.equal(view.link().seed, "3,5,8")
})

test("what is no seed is said, and changes nothing", () => {
  takeSeeds("7")
  for (const wrong of ["", "x", "-1", "4294967296", "1.5", "103-100", "0-64", Array(65).fill(1).join()]) {
    assert.notEqual(takeSeeds(wrong), "", wrong)
    assert.deepEqual(view.seed, [7])
  }
})

test("seeds go round at 2^32", () => {
  Object.assign(view, { seed: [2 ** 32 - 1], n: 2 })
  assert.deepEqual(seeds(), [2 ** 32 - 1, 0])
})

test("all classes in turn go by the seed, a class that a model lacks by its last", () => {
  Object.assign(view, { seed: [9], n: 4, y: ALL })
  const three = { classes: ["a", "b", "c"] }
  assert.deepEqual(classesOf(three), [0, 1, 2, 0])
  view.y = 7
  assert.equal(classesOf(three), 2)
  assert.equal(classesOf({ classes: [] }), undefined)
})

test("columns have letters, and beyond Z letters with a number", () => {
  assert.deepEqual([0, 25, 26, 53].map(letter), ["A", "Z", "A1", "B2"])
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { fitting } from "../../app/components/web/core/persistence.js"

const size = (body) => new TextEncoder().encode(JSON.stringify(body)).length
const steps = (count) =>
  Array.from({ length: count }, (_, step) => ({ z: Array.from({ length: 500 }, (__, i) => step + i / 8), y: null }))

for (const [count, at] of [
  [200, 199],
  [200, 0],
  [200, 97],
  [2, 1],
]) {
  test(`of ${count} steps, the ${at}th being shown, as many are kept as there is room for`, () => {
    const past = steps(count)
    const others = { views: { m: { z: "1" }, n: { z: "2" } }, bookmarks: { m: [past[0]], n: [past[1]] } }
    const { view, lost } = fitting({ model: "m", past, at, ...others })
    assert.equal(lost.includes("the oldest steps back in Explore"), view.past.length < count)
    assert.deepEqual(view.past[view.at], past[at])
    assert.deepEqual(view.bookmarks.m, [past[0]])
    assert.ok(size(view) <= 48 << 10)
    assert.ok(view.past.length >= Math.min(count, 8))
  })
}

const path = (keys) => ({ keys: Array.from({ length: keys }, () => ({ z: Array(256).fill(0.1234) })) })

test("a path that finds no room is named, and those after it are kept", () => {
  const { view, lost } = fitting({ morph: { model: "m", paths: { m: path(60), n: path(3) } } })
  assert.deepEqual(Object.keys(view.morph.paths), ["n"])
  assert.deepEqual(lost, ["Morph's path of m, unless it is saved as a file"])
})

test("what is of another model goes before what is of the one shown", () => {
  const marks = (count) => Array.from({ length: count }, () => ({ z: Array(200).fill(0.5), y: null }))
  const { view, lost } = fitting({ model: "m", past: steps(1), at: 0, bookmarks: { m: marks(9), n: marks(60) } })
  assert.deepEqual(Object.keys(view.bookmarks), ["m"])
  assert.deepEqual(lost, ["bookmarks of n"])
})

test("what is given is left as it was", () => {
  const body = { model: "m", past: steps(200), at: 199 }
  fitting(body)
  assert.equal(body.past.length, 200)
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { Path, norm } from "../../app/components/web/latent/path.js"

const near = (found, wanted, within = 1e-6) =>
  wanted.forEach((value, i) => assert.ok(Math.abs(found[i] - value) < within, `${[...found]} for ${wanted}`))

const square = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
]
const steady = { easing: "steady" }

test("a straight way passes through the middle, a great circle stays on the shell", () => {
  const ends = [
    [2, 0],
    [0, 2],
  ]
  near(new Path(ends, { ...steady, way: "linear" }).at(0.5), [1, 1])
  near(new Path(ends, { ...steady, way: "spherical" }).at(0.5), [Math.SQRT2, Math.SQRT2])
  near(new Path(ends, { ...steady, way: "spherical" }).at(1 / 3), [2 * Math.cos(Math.PI / 6), 1])
})

test("the norm-preserving way keeps the line's direction, and the norm between those of the keys", () => {
  const path = new Path(
    [
      [4, 0],
      [0, 2],
    ],
    { ...steady, way: "norm-preserving" },
  )
  const middle = path.at(0.5)
  assert.ok(Math.abs(middle[0] / middle[1] - 2) < 1e-6)
  near(
    [0.25, 0.5, 0.75].map((time) => norm([...path.at(time)])),
    [3.5, 3, 2.5],
  )
})

test("a loop comes back to its first key, an open path ends at its last", () => {
  near(new Path(square, { ...steady, loop: true }).at(1), [1, 0])
  near(new Path(square, { ...steady, loop: false }).at(1), [0, -1])
})

test("at equal speed a segment takes time by its length", () => {
  const keys = [[0], [1], [4]]
  const path = new Path(keys, { way: "linear", easing: "steady", pace: "length" })
  near(path.at(0.25), [1])
  near(path.at(0.5), [2])
  assert.ok(Math.abs(path.timeOf(1) - 0.25) < 1e-6)
})

test("where all keys are one, the path stays there", () => {
  const path = new Path(
    [
      [1, 1],
      [1, 1],
      [1, 1],
    ],
    { way: "linear", pace: "length" },
  )
  near(path.at(0.4), [1, 1])
})

test("a path that lingers at its keys has no speed there", () => {
  const path = new Path(square, { way: "linear", easing: "keys" })
  const speed = (time) => norm([...path.at(time + 1e-3)].map((value, axis) => value - path.at(time)[axis]))
  assert.ok(speed(1 / 3) < 0.02 * speed(1 / 6))
})

test("times of keys are found again under an easing of the whole", () => {
  const path = new Path(square, { way: "linear", easing: "ends" })
  for (const key of [0, 1, 2, 3]) near(path.at(path.timeOf(key)), square[key], 1e-5)
})

test("the class is that of the nearer key", () => {
  const path = new Path(square, { ...steady, loop: true })
  assert.deepEqual(
    [0.1, 0.15, 0.3, 0.9].map((time) => path.nearest(time)),
    [0, 1, 1, 0],
  )
})

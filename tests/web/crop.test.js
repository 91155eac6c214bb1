import assert from "node:assert/strict"
import { test } from "node:test"

import { LEAST, reach, start, turned, within } from "../../app/components/web/source/crop.js"

const source = (width, height, room = 1) => ({ canvas: { width, height }, room })

test("a crop begins with the largest square in the middle, or with the whole of the picture", () => {
  const size = { width: 300, height: 200 }
  assert.deepEqual(
    [start(size, "square"), start(size, "all")].map(({ x, y, side }) => [x, y, side]),
    [
      [150, 100, 200],
      [150, 100, 300],
    ],
  )
})

test("quarters and degrees make one angle", () => {
  assert.equal(turned({ quarter: 3, angle: -12.5 }), 257.5)
})

test("a crop is moved into the square around the source, and no further", () => {
  const wide = source(300, 200)
  assert.equal(reach(wide), 300)
  const moved = within({ ...start(wide.canvas), x: -50, y: 1000 }, wide)
  assert.deepEqual([moved.x, moved.y, moved.side], [100, 150, 200])
})

test("a crop is neither larger than the room nor smaller than its least part of the longer side", () => {
  const wide = source(300, 200, 1.2)
  assert.equal(within({ ...start(wide.canvas), side: 1000 }, wide).side, 360)
  assert.equal(within({ ...start(wide.canvas), side: 1 }, wide).side, LEAST * 300)
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { Rate } from "../../app/components/web/core/rate.js"

test("the rate of the network is a median without the trip", () => {
  const rate = new Rate()
  rate.note(900, 5)
  assert.equal(rate.value, undefined)
  for (const milliseconds of [105, 105, 9005]) rate.note(1_000_000, milliseconds)
  assert.equal(rate.value, 10_000_000)
})

test("five large answers are remembered", () => {
  const rate = new Rate()
  for (const milliseconds of [1, 1, 1, 1, 1, 100, 100, 100]) rate.note(100_000, milliseconds)
  assert.equal(rate.value, 1_000_000)
})

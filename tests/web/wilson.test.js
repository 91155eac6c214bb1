import assert from "node:assert/strict"
import { test } from "node:test"

import { wilson } from "../../app/components/web/pages/compare/wilson.js"

const near = (found, wanted) =>
  found.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 5e-5, String(found)))

test("the interval is Wilson's, as published tables have it", () => {
  near(wilson(0.8, 10), [0.49016, 0.94332])
  near(wilson(0.5, 100), [0.40383, 0.59617])
})

test("it stays between zero and one, also where all or none are right", () => {
  near(wilson(1, 5), [0.56552, 1])
  near(wilson(0, 5), [0, 0.43448])
  assert.deepEqual(wilson(0, 0), [0, 1])
})

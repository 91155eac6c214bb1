import assert from "node:assert/strict"
import { test } from "node:test"

import { figure, grey, nats, rank } from "../../app/components/web/pixels/measure.js"

test("a rank among quantiles is linear between them, and ends at zero and one", () => {
  const quantiles = [0, 10, 20, 40]
  assert.equal(rank(-1, quantiles), 0)
  assert.equal(rank(40, quantiles), 1)
  assert.equal(rank(15, quantiles), 0.5)
  assert.ok(Math.abs(rank(25, quantiles) - (2 + 0.25) / 3) < 1e-12)
})

const WRITTEN = [
  [105.23, 0, "105.2"],
  [105.23, 0.44, "105.2 ± 0.4"],
  [-105.234, 0.14, "−105.23 ± 0.14"],
  [29692.09, 63.9, "29690 ± 60"],
  [-3.2, 12, "−3 ± 12"],
  [-1505258804, 213456789, "(−1.5 ± 0.2) · 10⁹"],
  [1366354.75, 1185783, "(1.4 ± 1.2) · 10⁶"],
  [-1505258804, 0, "−1.51 · 10⁹"],
  [-1505258804, 13456, "−1.505 · 10⁹"],
]

for (const [value, error, written] of WRITTEN) {
  test(`nats have the digits that mean something: ${written}`, () => assert.equal(nats(value, error), written))
}

test("a figure has three digits", () => {
  assert.deepEqual(
    [0.012345, -1234.5, 0.00012345, 0].map((value) => figure(value)),
    ["0.0123", "−1230", "1.2e−4", "0"],
  )
})

test("black and white pixels have a likelihood, grey ones none", () => {
  const of = (value) => ({ data: Uint8ClampedArray.from([0, 255, value, 255]) })
  assert.equal(grey("binary", of(255)), false)
  assert.equal(grey("binary", of(254)), true)
  assert.equal(grey("density", of(254)), false)
})

import assert from "node:assert/strict"
import { test } from "node:test"

import "./browser.js"
import { binned, ends, stacked } from "../../app/components/web/pages/outliers/histogram.js"
import { chance, inRows } from "../../app/components/web/pages/outliers/rarity.js"
import { amount, percent, place, score, shares, signed } from "../../app/components/web/pages/outliers/scores.js"

const near = (found, wanted, within = 1e-9) =>
  wanted.forEach((value, i) => assert.ok(Math.abs(found[i] - value) < within, `${found} for ${wanted}`))

test("the scores of a reading, higher being more of an outlier", () => {
  const reading = { nats: -100, bits: 800, background: -60 }
  const card = { values: 100, measured: { mean: 90 } }
  assert.equal(score("likelihood", reading, card), 100)
  assert.equal(score("ratio", reading, card), 40)
  near([score("complexity", reading, card)], [100 / Math.LN2])
  assert.equal(score("typicality", reading, card), 10)
  assert.equal(score("typicality", { ...reading, nats: -80 }, card), 10) // likelier than the mean
  assert.equal(score("size", reading, card), 800)
  assert.equal(score("ratio", { ...reading, background: null }, card), null)
  assert.equal(score("likelihood", null, card), null)
})

test("a place among test pictures, and in the tail beyond 95 % by the tail's own quantiles", () => {
  const own = Array.from({ length: 101 }, (_, i) => i)
  const tail = [95, 97, 99, 100, 100]
  const card = { measured: { own: { likelihood: own, size: own }, tail: { likelihood: tail } } }
  const of = (nats, bits = 0) => ({ nats: -nats, bits })
  near([place("likelihood", of(50), card)], [0.5])
  near([place("likelihood", of(97), card)], [0.95 + 0.05 * 0.25])
  assert.equal(place("likelihood", of(1000), card), 1)
  near([place("size", of(0, 5), card), place("size", of(0, 95), card)], [0.9, 0.9]) // odd on either side
  assert.equal(place("ratio", of(1), card), null)
})

test("a row is corrected for its pictures by Holm's steps with Šidák's bounds", () => {
  const [first, second] = [1 - 0.99 ** 6, 1 - 0.98 ** 4]
  near(inRows([0.5, 0.01, 0.02, 0.02, 0.9, 0.01]), [0.75, first, second, second, 0.9, first])
  near(inRows([0.3]), [0.3])
  assert.deepEqual(inRows([]), [])
})

test("of rows of a model's own pictures one in twenty is marked anywhere", () => {
  let seed = 1
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647
  const rows = Array.from({ length: 4000 }, () => inRows(Array.from({ length: 6 }, random)))
  const marked = rows.filter((row) => Math.min(...row) <= 0.05).length / rows.length
  assert.ok(marked >= 0.04 && marked <= 0.06, String(marked))
})

test("no picture is rarer than one in all those that were scored, and one", () => {
  near([chance(1, 199), chance(0, 199), chance(0.992, 999), chance(1)], [1 / 200, 1, (1 + 999 * 0.008) / 1000, 1 / 101])
})

test("shares of one unit of probability sum to one, whatever the size of the numbers", () => {
  near(shares([-1000, -1000 + Math.LN2, -3000]), [1 / 3, 2 / 3, 0])
  assert.deepEqual(shares([-Infinity, -Infinity]), [0, 0])
})

test("numbers as people write them", () => {
  assert.equal(percent(0.99996, 0), "over 99.99")
  assert.equal(percent(0.5, 1), "50.0")
  assert.equal(amount(-12345, "nats"), "−12,345 nats")
  assert.equal(amount(3.21, "nats"), "3.2 nats")
  assert.equal(amount(Infinity, "nats"), "beyond measure")
  assert.equal(signed(-0.0421), "−.042")
})

test("the bins of a histogram hold all that quantiles hold, the ends what lies beyond", () => {
  const even = Array.from({ length: 101 }, (_, i) => i / 100)
  near(binned(even, 0, 1, 4), [0.25, 0.25, 0.25, 0.25])
  near(binned(even, 0.25, 0.75, 2), [0.5, 0.5])
  near(binned([0, 0, 0, 1], 0, 1, 2), [2 / 3 + 1 / 6, 1 / 6], 1e-6)
})

test("an axis goes on beyond one's own pictures by five times their width at most", () => {
  const own = [-5, 0, 1, 10]
  const other = [-1000, -900, -800, -700]
  const [low, high] = ends(own, other, [])
  near([low, high], [-5 - 0.06 * 6, 1 + 0.06 * 6])
  near(ends(null, null, [{ value: 1 }, { value: 3 }]), [0.88, 3.12])
  assert.deepEqual(ends(null, null, []), [0, 1])
})

test("letters that would lie over each other get lanes of their own", () => {
  const marks = [100, 0, 10, 30].map((value) => ({ value }))
  assert.deepEqual(
    stacked(marks, (value) => value, 17),
    { of: [0, 0, 1, 0], count: 2 },
  )
})

import assert from "node:assert/strict"
import { test } from "node:test"

import "./browser.js"
import { order } from "../../app/components/web/pages/reconstruct/rows.js"

const kind = (data, shape, encodes) => ({
  data,
  shape,
  cards: [
    { data, encodes: false },
    { data, encodes },
  ],
})
const stacked = kind("stacked-mnist", [3, 28, 28], false)
const [faces, digits, frey] = [
  kind("celeba", [3, 64, 64], true),
  kind("mnist", [1, 28, 28], true),
  kind("frey", [1, 28, 20], true),
]
const sorted = (source) => [stacked, frey, faces, digits].sort((a, b) => order(a, b, source)).map(({ data }) => data)

test("first come models of a picture's own kind, then those that can give it back in its colours", () => {
  assert.deepEqual(sorted({ hint: null, colour: true }), ["celeba", "mnist", "frey", "stacked-mnist"])
  assert.deepEqual(sorted({ hint: null, colour: false }), ["mnist", "frey", "celeba", "stacked-mnist"])
  assert.equal(sorted({ hint: "stacked-mnist", colour: true })[0], "stacked-mnist")
  assert.equal(sorted({ hint: "frey", colour: false })[0], "frey")
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { linkTo, python } from "../../app/components/web/core/share.js"

test("a link has commas as they are, and all else encoded", () => {
  const link = linkTo(new URL("http://host/base/"), { model: "a b&c", z: "0.3,-1.2" })
  assert.equal(link, "http://host/base/explore?model=a%20b%26c&z=0.3,-1.2")
  assert.equal(linkTo(new URL("http://host/"), { model: "m" }, "morph"), "http://host/morph?model=m")
})

test("three lines of Python make the picture, with floats and its class", () => {
  const lines = python({ card: { name: "toy" }, z: [1, -0.25], y: 3 }).split("\n")
  assert.deepEqual(lines, [
    "import engine, torch",
    'model = engine.load("toy")',
    "picture = model.decode(torch.tensor([[1.0, -0.25]]), torch.tensor([3]))[0]",
  ])
  assert.ok(python({ card: { name: "toy" }, z: [0], y: null }).endsWith("torch.tensor([[0.0]]))[0]"))
})

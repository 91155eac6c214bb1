import assert from "node:assert/strict"
import { test } from "node:test"

import "./browser.js"
import { reason } from "../../app/components/web/pages/reconstruct/gauge.js"

test("a strangeness is named by what more than half of it comes from", () => {
  assert.equal(reason(4, 0, 0), "by its code and error")
  assert.equal(reason(4, 2.1, 0.5), "by its texture")
  assert.equal(reason(4, 0.5, 2.1), "by how well it is rebuilt upside down")
  assert.equal(reason(4, 1.9, 1.9), "by its code and error")
})

import assert from "node:assert/strict"
import { test } from "node:test"

const kept = new Map()
globalThis.sessionStorage = /** @type {any} */ ({
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
})
const loaded = (time) => import(`../../app/components/web/core/token.js?${time}`)
const said = new BroadcastChannel("zoetrope-tabs")

test("a token is 24 random bytes, and outlives a reload", async () => {
  const first = await loaded(1)
  assert.match(first.token.value, /^[\w-]{32}$/)
  assert.equal(kept.get("zoetrope-token"), first.token.value)
  assert.notEqual(first.person, first.token.value)
})

test("a tab whose token another one has takes a new one, and still knows the old one to recall by", async () => {
  const { token } = await loaded(1)
  const before = token.value
  const copy = await loaded(2) // a duplicated tab has the session storage of the first
  assert.equal(copy.token.value, before)
  while (copy.token.value === before) await new Promise((done) => setTimeout(done, 5))
  assert.equal(token.value, before)
  assert.equal(copy.token.before, before)
  said.close()
})

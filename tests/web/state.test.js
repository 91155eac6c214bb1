import assert from "node:assert/strict"
import { test } from "node:test"

import { entries, location, visit } from "./browser.js"
import { stateOf } from "../../app/components/web/core/state.js"

const ROWS = [
  { name: "model", type: "model", default: null, link: true, history: true, reruns: true },
  { name: "seed", type: "seed", default: 1, link: true },
  { name: "models", type: "models", default: [], link: true, kept: true },
  { name: "way", type: "choice", default: "draw", choices: ["draw", "fill"], link: true, kept: true },
  { name: "count", type: "whole", default: 8, low: 1, high: 64, kept: true },
  { name: "soft", type: "flag", default: true },
]
const read = (query, view = {}) => ({ query, view, notices: [] })

function made(query = "") {
  visit(`/page${query}`)
  const state = stateOf("page", ROWS)
  const told = []
  state.send = (_, { at: _at, ...view }) => told.push(view)
  return { state, told }
}

test("fields begin with their defaults, which no page shares with another", () => {
  const { state } = made()
  state.models.push("a")
  assert.deepEqual([made().state.models, state.count, state.soft], [[], 8, true])
})

test("a link holds what is linked, as strings, and nothing that is empty", () => {
  const { state } = made()
  state.set({ model: "a", seed: 0, stranger: 1 })
  assert.deepEqual(state.link(), { model: "a", seed: "0", way: "draw" })
  state.models = ["b", "c"]
  assert.equal(state.link().models, "b,c")
  assert.ok(!("stranger" in state))
})

test("a watcher hears once of several fields, and no more once it has stopped", () => {
  const { state } = made()
  const heard = []
  const stop = state.watch(["seed", "way"], () => heard.push([state.seed, state.way, state.count]))
  state.set({ seed: 2, way: "fill" })
  state.count = 3 // not watched
  stop()
  state.seed = 4
  assert.deepEqual(heard, [
    [1, "draw", 8],
    [2, "fill", 8],
  ])
})

test("an address is news once: not what the page wrote, not one that has been left, not a bare one later", () => {
  const { state } = made("?model=a&embed=true")
  assert.ok(!state.news(read({})), "Streamlit has not read this address yet")
  assert.ok(state.news(read({ model: "a" })))
  state.take(read({ model: "a" }, { model: "a" }))
  assert.ok(!state.news(read({ model: "a" })))
  state.seed = 5
  state.write()
  assert.equal(location.search, "?model=a&seed=5&way=draw")
  assert.ok(!state.news(read({ way: "draw", model: "a", seed: "5" })), "its own")
  assert.ok(!state.news(read({ model: "a" })), "the address before")
  visit("/page")
  assert.ok(!state.news(read({})))
  visit("/page?model=b")
  assert.ok(state.news(read({ model: "b" })))
  visit("/other?model=c")
  assert.ok(!state.news(read({ model: "c" })), "that of another page")
})

test("an address stays until it has been read, and parts that say nothing count for nothing", () => {
  const { state, told } = made("?model=a&way=")
  state.seed = 3
  state.write()
  assert.deepEqual([location.search, told], ["?model=a&way=", []])
  assert.ok(state.news(read({ model: "a" })))
})

test("a gesture that ends after Back leaves the entry that Back has entered as it is", () => {
  const { state, told } = made("?model=a")
  state.take(read({ model: "a" }, { model: "a" }))
  state.write()
  visit("/page?model=b")
  state.seed = 6
  state.write()
  assert.equal(location.search, "?model=b")
  assert.equal(told.length, 0)
  assert.ok(state.news(read({ model: "b" })))
  state.take(read({ model: "b" }, { model: "b", seed: 1 }))
  state.seed = 7
  state.write()
  assert.equal(location.search, "?model=b&seed=7&way=draw")
})

test("a bare address is news to a page that has shown nothing", () => {
  assert.ok(made().state.news(read({})))
})

test("what Streamlit has said is written and not told back", () => {
  const { state, told } = made()
  state.take(read({}, { model: "a", seed: 2 }))
  state.write()
  assert.deepEqual([location.search, told], ["?model=a&seed=2&way=draw", []])
  assert.ok(!state.news(read({ model: "a", seed: "2", way: "draw" })), "its own")
  state.model = "b"
  state.write()
  assert.deepEqual(
    told.map(({ model, seed }) => [model, seed]),
    [["b", "2"]],
  )
})

test("a field that Streamlit need not know goes into the address alone", () => {
  const { state, told } = made()
  state.take(read({}, { model: "a" }))
  state.seed = 3
  state.write()
  assert.deepEqual([location.search, told], ["?model=a&seed=3&way=draw", []])
  visit("/page")
  const other = stateOf("page", ROWS.slice(1))
  other.send = () => assert.fail("a page of which Streamlit need not know anything")
  other.take(read({}))
  other.told = ""
  other.seed = 4
  other.write()
  assert.equal(location.search, "?seed=4&way=draw")
})

test("what is written is told once, and again with another key", () => {
  const { state, told } = made()
  state.take(read({}))
  state.model = "b"
  state.write({ latency: 1 })
  state.write({ latency: 2 })
  state.write({ latency: 3 }, "more")
  assert.deepEqual(
    told.map(({ latency }) => latency),
    [1, 3],
  )
  visit("/other")
  state.seed = 9
  state.write()
  assert.equal(told.length, 2, "a page that has been left tells nothing")
})

test("another value of a field of the history begins an entry, that of a bare address does not", () => {
  const { state } = made()
  const before = entries.length
  state.take(read({}, { model: "a" }))
  state.write()
  state.seed = 2
  state.write()
  assert.equal(entries.length, before)
  state.model = "b"
  state.write()
  assert.equal(entries.length, before + 1)
})

test("an entry holds what Back finds there, and a strange one leads nowhere", () => {
  const { state } = made()
  state.take(read({}, { model: "a", models: ["x"] }))
  const left = entries.at(-1).state
  assert.ok(!state.leads(left), "it is shown already")
  state.model = "b"
  assert.ok(state.leads(left))
  for (const strange of [null, {}, { ...left, seed: "x" }, { ...left, way: "up" }]) assert.ok(!state.leads(strange))
  state.set(left)
  assert.deepEqual([state.model, state.models], ["a", ["x"]])
})

test("what is kept comes back, and what does not fit is said once and left as it is", () => {
  const { state } = made()
  state.set({ models: ["a"], way: "fill", count: 3, seed: 7 })
  const { state: next } = made()
  next.restore(JSON.parse(JSON.stringify(state.kept())), assert.fail)
  assert.deepEqual([next.models, next.way, next.count, next.seed], [["a"], "fill", 3, 1])
  const said = []
  next.restore({ models: "a", way: "up", count: 9 }, (sentence) => said.push(sentence))
  assert.deepEqual(said, ["What was kept of models, way does not fit and is left out."])
  assert.deepEqual([next.models, next.way, next.count], [["a"], "fill", 9])
  next.restore(null, assert.fail)
})

test("an address that Streamlit does not say is told again, after pauses that double, until it does", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "Date"] })
  const { state, told } = made()
  state.take(read({}))
  state.ask({ model: "b" })
  assert.deepEqual(told.splice(0), [{ model: "b" }])
  context.mock.timers.tick(1499)
  assert.deepEqual(told, [])
  context.mock.timers.tick(1)
  assert.deepEqual(told.splice(0), [{ model: "b" }])
  state.news(read({ model: "a" })) // of a run before
  context.mock.timers.tick(3000)
  assert.deepEqual(told.splice(0), [{ model: "b" }])
  state.news(read({ model: "b" }))
  context.mock.timers.tick(600_000)
  assert.deepEqual(told, [])
  state.ask({ model: "c" })
  told.length = 0
  state.news(read({ model: "c" }))
  state.take(read({ model: "c" }, { model: "c", seed: 1 }))
  state.seed = 5
  state.write() // a gesture after the answer, of which Streamlit need not know
  context.mock.timers.tick(600_000)
  assert.deepEqual(told, [])
  state.ask({ model: "d" })
  for (let minute = 0; minute < 10; minute++) context.mock.timers.tick(60_000)
  assert.equal(told.length, 6) // then it gives up
})

import assert from "node:assert/strict"
import { test } from "node:test"

import { Newest, Overtaken, Slot, Unanswered, telling } from "../../app/components/web/core/slot.js"

/** A channel that notes what is sent, and lets a test answer it. */
function wired() {
  const channel = {
    ready: true,
    sent: [],
    cancelled: [],
    rate: { note: () => {} },
    post: (_, header) => channel.sent.push(header),
    cancel: (_, id) => channel.cancelled.push(id),
  }
  const slot = new Slot(channel, "test")
  const answer = (id, model, more = {}) => slot.take({ id, results: [{ model, ...more }] }, 0)
  return { channel, slot, answer }
}

const ask = (slot, model, make) => slot.ask({ verb: "decode", model }, null, make)
const model = ({ results: [result] }) => result.model

test("every answer reaches the asker whose request it answers", async () => {
  const { channel, slot, answer } = wired()
  const [first, second, third] = ["faces", "clothes", "digits"].map((name) => ask(slot, name).then(model))
  await assert.rejects(second, Overtaken) // it was still waiting, and a newer one took its place
  assert.equal(channel.sent.length, 1)
  answer(1, "faces")
  assert.equal(await first, "faces")
  answer(2, "digits")
  assert.equal(await third, "digits")
})

test("what is not wanted any more is overtaken, on its way and while it is decoded", async () => {
  const { channel, slot, answer } = wired()
  const [flying, waiting] = [ask(slot, "faces"), ask(slot, "digits")]
  slot.drop()
  assert.deepEqual(channel.cancelled, [1]) // the other one was never sent
  await Promise.all([flying, waiting].map((request) => assert.rejects(request, Overtaken)))
  answer(1, "faces") // it had left before the server heard
  const { promise, resolve } = Promise.withResolvers()
  const decoding = ask(slot, "faces", () => promise)
  answer(2, "faces")
  slot.drop()
  resolve("picture")
  await assert.rejects(decoding, Overtaken)
  assert.deepEqual(channel.cancelled, [1]) // the server has answered and has nothing to give up
})

test("a picture that is decoded after a newer one is overtaken", async () => {
  const { slot, answer } = wired()
  const slow = Promise.withResolvers()
  const first = ask(slot, "faces", () => slow.promise)
  answer(1, "faces")
  const second = ask(slot, "faces", () => "second")
  answer(2, "faces")
  assert.equal((await second).made, "second")
  slow.resolve("first")
  await assert.rejects(first, Overtaken)
})

test("pictures are handed over while newer ones are on their way, as a drag needs", async () => {
  const { slot, answer } = wired()
  const first = ask(slot, "faces", () => "first")
  const second = ask(slot, "faces", () => "second")
  answer(1, "faces")
  assert.equal((await first).made, "first")
  answer(2, "faces")
  assert.equal((await second).made, "second")
})

test("a request without an answer says why, and a message's results only if all of them have none", async () => {
  const { slot, answer } = wired()
  const refused = ask(slot, "faces")
  answer(1, "faces", { error: "It is not here." })
  await assert.rejects(refused, { constructor: Unanswered, message: "It is not here." })
  const both = slot.askAll([{ operation: {} }, { operation: {} }])
  slot.take({ id: 2, results: [{ error: "It is not here." }, { model: "digits" }] }, 0)
  assert.equal((await both).results[1].model, "digits")
})

test("after a lost socket the newest request is sent again, and one that it replaces is overtaken", async () => {
  const { channel, slot, answer } = wired()
  const first = ask(slot, "faces").then(model)
  slot.again()
  assert.equal(channel.sent.length, 2)
  answer(1, "faces") // to the socket that was lost
  answer(2, "faces")
  assert.equal(await first, "faces")
  const [flying, waiting] = [ask(slot, "faces"), ask(slot, "digits").then(model)]
  slot.again()
  await assert.rejects(flying, Overtaken)
  answer(4, "digits")
  assert.equal(await waiting, "digits")
})

test("a request that closes the socket twice is given up", async () => {
  const { slot } = wired()
  const asked = ask(slot, "faces")
  slot.refused("Too much.")
  slot.again()
  slot.refused("Too much.")
  await assert.rejects(asked, { constructor: Unanswered, message: "Too much." })
})

test("of work in several steps only the newest counts", async () => {
  const newest = new Newest()
  const slow = Promise.withResolvers()
  const first = newest.of(slow.promise)
  assert.equal(await newest.of(Promise.resolve("second")), "second")
  slow.resolve("first")
  await assert.rejects(first, Overtaken)
})

test("the end of a request tells a person why there is no answer, and of nothing else", () => {
  const told = []
  const end = telling((sentence) => told.push(sentence))
  end(new Overtaken())
  end(new Unanswered("It is not here."))
  assert.deepEqual(told, ["It is not here."])
  assert.throws(() => end(new TypeError("a fault of ours")), TypeError)
})

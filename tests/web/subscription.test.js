import assert from "node:assert/strict"
import { test } from "node:test"

import { Subscription } from "../../app/components/web/core/subscription.js"

/** A subscription to a film over a channel that notes what is sent, and what is heard of it. */
function wired(ready = true) {
  const sent = []
  const cancelled = []
  const channel = { ready, post: (_, header) => sent.push(header), cancel: (_, id) => cancelled.push(id) }
  const news = new Subscription(channel, "film")
  const heard = []
  const open = (key) =>
    news.open("film", key, { event: ({ done }) => heard.push(done), failed: (sentence) => heard.push(sentence) })
  const tell = (id, done) => news.take({ id, event: { done } })
  return { channel, news, sent, cancelled, heard, open, tell }
}

test("every event of the newest subscription is heard, and none of an older one", () => {
  const { sent, heard, open, tell } = wired()
  open("one")
  tell(1, 3)
  open("two")
  tell(1, 4)
  tell(2, 1)
  tell(2, 2)
  assert.deepEqual(sent[0], { op: "subscribe", topic: "film", key: "one" })
  assert.deepEqual(heard, [3, 1, 2])
})

test("what is ended is cancelled at the server and heard no more", () => {
  const { news, cancelled, heard, open, tell } = wired()
  open("one")
  news.end()
  news.end()
  tell(1, 3)
  tell(0, 3)
  assert.deepEqual([cancelled, heard, news.flying], [[1], [], null])
})

test("a new socket is asked again, and what was said on the old one counts no more", () => {
  const { channel, news, sent, heard, open, tell } = wired(false)
  open("one")
  assert.deepEqual([sent.length, news.flying], [0, null])
  channel.ready = true
  news.again()
  news.again()
  tell(1, 7)
  tell(2, 8)
  assert.deepEqual([sent.length, heard], [2, [8]])
})

test("a refusal ends it with the sentence of the server; a closed socket only the second time", () => {
  const { news, sent, heard, open } = wired()
  open("one")
  news.refused("too much")
  assert.deepEqual(heard, [])
  news.refused("too much")
  news.again()
  open("two")
  news.take({ id: 2, error: "gone" })
  news.again()
  assert.deepEqual([heard, sent.length], [["too much", "gone"], 2])
})

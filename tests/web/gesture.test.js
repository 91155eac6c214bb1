import assert from "node:assert/strict"
import { test } from "node:test"

import { thinned } from "../../app/components/web/pages/explore/recording.js"

const axes = (count) => Array.from({ length: count }, () => ({ low: -2, high: 2 }))

/** A hand at 60 Hz whose latent at a time, 0 to 1, is `where(time)`. */
function hand(seconds, where) {
  const count = Math.round(60 * seconds) + 1
  return Array.from({ length: count }, (_, i) => {
    const time = i / (count - 1)
    return { at: 5000 + 1000 * seconds * time, z: where(time), y: null }
  })
}

/** How far a path through keys in equal times lies from a hand at most, as a part of the range. */
function furthest(samples, keys) {
  return Math.max(
    ...samples.map(({ at, z }) => {
      const place = ((at - samples[0].at) / (samples.at(-1).at - samples[0].at)) * (keys.length - 1)
      const leg = Math.min(keys.length - 2, Math.floor(place))
      const on = keys[leg].z.map((value, axis) => value + (place - leg) * (keys[leg + 1].z[axis] - value))
      return Math.hypot(...z.map((value, axis) => (value - on[axis]) / 4))
    }),
  )
}

test("a straight line at a steady pace needs its ends alone", () => {
  const { keys, seconds } = thinned(
    hand(2, (time) => [2 * time - 1, time]),
    axes(2),
  )
  assert.deepEqual(
    keys.map(({ z }) => z),
    [
      [-1, 0],
      [1, 1],
    ],
  )
  assert.equal(seconds, 2)
})

test("a circle takes some keys, and the path stays close to the hand", () => {
  const samples = hand(3, (time) => [Math.cos(2 * Math.PI * time), Math.sin(2 * Math.PI * time)])
  const { keys } = thinned(samples, axes(2))
  assert.ok(keys.length > 10 && keys.length < 40, String(keys.length))
  assert.ok(furthest(samples, keys) < 0.0101)
})

test("where the hand lingers, keys lie close together", () => {
  const pause = (time) => [time < 0.25 ? 4 * time - 1 : time < 0.75 ? 0 : 4 * time - 3]
  const { keys } = thinned(hand(4, pause), axes(1))
  assert.deepEqual(
    keys.map(({ z }) => z[0]),
    [-1, 0, 0, 0, 1],
  )
})

test("a wild hand gets as many keys as can be kept: 2,300 numbers, 40 keys", () => {
  let seed = 1
  const random = () => ((seed = (seed * 48271) % 2147483647) / 2147483647) * 2 - 1
  assert.equal(
    thinned(
      hand(20, () => Array.from({ length: 128 }, random)),
      axes(128),
    ).keys.length,
    17,
  )
  assert.equal(
    thinned(
      hand(20, () => [random()]),
      axes(1),
    ).keys.length,
    40,
  )
})

test("of several samples in one tick of the clock the last one counts", () => {
  const samples = hand(2, (time) => [time])
  samples.push({ ...samples.at(-1), z: [2] })
  assert.deepEqual(thinned(samples, axes(1)).keys.at(-1).z, [2])
})

test("a path takes half a second at least, and the class of a key is that of the sample before it", () => {
  const samples = [
    { at: 0, z: [0], y: 1 },
    { at: 100, z: [1], y: 2 },
  ]
  const { keys, seconds } = thinned(samples, axes(1))
  assert.equal(seconds, 0.5)
  assert.deepEqual(
    keys.map(({ y }) => y),
    [1, 2],
  )
})

import assert from "node:assert/strict"
import { test } from "node:test"

import "./browser.js"
import { Chart, linear, outline } from "../../app/components/web/charts/chart.js"
import { heatColour, kindColour, paintHeat } from "../../app/components/web/pixels/colormap.js"

/** A canvas that notes what is set and called on its context. */
function surface() {
  const done = []
  const context = new Proxy(/** @type {any} */ ({}), {
    get: (all, name) => all[name] ?? ((...given) => done.push([name, ...given])),
    set: (all, name, value) => ((all[name] = value), done.push([name, value])),
  })
  return { clientWidth: 100, clientHeight: 50, getContext: () => context, context, done }
}

const STYLE = { fontSize: "10px", fontWeight: "400", fontFamily: "x", getPropertyValue: (name) => `of ${name}` }
Object.assign(globalThis, { getComputedStyle: () => STYLE })

test("a scale takes ends to ends, also downwards", () => {
  const y = linear([0, 4], [50, 10])
  assert.deepEqual([0, 1, 4].map(y), [50, 40, 10])
})

test("an outline stands on the floor at both ends and is flat over each bin", () => {
  const points = outline([1, 3], linear([0, 2], [0, 20]), linear([0, 3], [30, 0]))
  assert.deepEqual(points, [
    [0, 30],
    [0, 20],
    [10, 20],
    [10, 0],
    [20, 0],
    [20, 30],
  ])
})

test("a chart has the pixels of the screen, the page's type, and no room where its host has none", () => {
  Object.assign(globalThis.window, { devicePixelRatio: 3 })
  const canvas = /** @type {any} */ (surface())
  const chart = new Chart(canvas)
  assert.equal(chart.fit(), true)
  assert.deepEqual([canvas.width, canvas.height, chart.size, canvas.context.font], [200, 100, 10, "400 10px x"])
  canvas.clientWidth = 0
  assert.equal(chart.fit(), false)
})

test("a mark has its own looks, and leaves none to the next", () => {
  const canvas = /** @type {any} */ (surface())
  const chart = new Chart(canvas)
  chart.fit()
  canvas.done.length = 0
  chart.line([[1, 2], [3, 4]], { colour: "--accent", width: 2, alpha: 0.5, dash: [4] }) // prettier-ignore
  chart.box([0, 1], [4, 8], {})
  const said = (name) => canvas.done.filter(([each]) => each === name).map(([, ...given]) => given)
  assert.deepEqual(said("strokeStyle"), [["of --accent"], ["of --ink"]])
  assert.deepEqual(
    [said("globalAlpha"), said("lineWidth")],
    [
      [[0.5], [1]],
      [[2], [1]],
    ],
  )
  assert.deepEqual([said("setLineDash"), said("fillRect")], [[[[4]], [[]]], [[0, 1, 4, 7]]])
  assert.equal(chart.colour("#fff"), "#fff")
})

/** CIE lightness of a colour in sRGB, 0 to 100. */
function lightness([red, green, blue]) {
  const light = (value) => (value / 255 > 0.04045 ? ((value / 255 + 0.055) / 1.055) ** 2.4 : value / 255 / 12.92)
  return 116 * Math.cbrt(0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue)) - 16
}

test("heat grows lighter and denser by even steps, and what is beyond the ends is as at the ends", () => {
  const all = Array.from({ length: 11 }, (_, i) => lightness(heatColour(i / 10)))
  const even = (all[10] - all[0]) / 10
  all.slice(1).forEach((value, i) => assert.ok(Math.abs(value - all[i] - even) < 1, `step ${i}: ${value - all[i]}`))
  assert.ok(even > 3)
  assert.deepEqual([heatColour(-1), heatColour(9)], [heatColour(0), heatColour(1)])
  const alphas = [0, 0.1, 0.5, 1].map((heat) => heatColour(heat)[3])
  assert.equal(alphas[0], 0)
  assert.deepEqual(alphas, [...alphas].sort())
})

test("heat is written as bytes where it belongs", () => {
  const bytes = new Uint8ClampedArray(12)
  paintHeat(bytes, 4, 1)
  assert.deepEqual([...bytes], [0, 0, 0, 0, 255, 230, 90, 240, 0, 0, 0, 0])
})

test("kinds begin again with the first colour", () => {
  const first = Array.from({ length: 10 }, (_, i) => kindColour(i))
  assert.equal(new Set(first).size, 10)
  assert.equal(kindColour(10), first[0])
})

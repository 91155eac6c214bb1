// Two histograms over one axis, from quantiles in equal steps: a model's own test pictures filled, outliers as an
// outline; and on it the pictures of the row as lettered marks, and the bounds within which 95 % of its own lie.

import { Chart, linear, outline } from "../../charts/chart.js"
import { written } from "./scores.js"

const BINS = 48
const FURTHEST = 5 // times the width of one's own pictures that the axis goes on beyond them
const EDGE = { side: 0.8, foot: 1.5, head: 0.3, mark: 1.4 } // heights of its type

/**
 * Draw on a canvas: `own` and `other` quantiles or null, `marks` [{letter, value, strong}], words below the axis, and
 * at which parts of its own the bounds are.
 */
export function histogram(canvas, { own, other, marks, words, bounds }) {
  const chart = new Chart(canvas)
  if (!chart.fit()) return
  const { width, height, size } = chart
  const [low, high] = ends(own, other, marks)
  const wide = linear([low, high], [EDGE.side * size, width - EDGE.side * size])
  const across = (value) => wide(Math.min(high, Math.max(low, value)))
  const lanes = stacked(marks, across, EDGE.mark * size)
  const lane = (i) => size * (EDGE.head + EDGE.mark * i)
  const [top, floor] = [lane(Math.max(1, lanes.count)), height - EDGE.foot * size]
  if (own) bars(chart, [own, other], { low, high, across, top, floor })
  const more = own && Math.max(own.at(-2), other.at(-2)) > high
  axis(chart, [written(low), words, more ? `${written(high)} and beyond` : written(high)], floor)
  for (const part of own ? bounds : []) {
    const x = across(own[Math.round(part * (own.length - 1))])
    chart.segment([x, top - 4], [x, floor], { alpha: 0.55, dash: [4, 4] })
  }
  for (const draw of [pole, flag])
    marks.forEach((mark, i) => draw(chart, across(mark.value), lane(lanes.of[i]), floor, mark))
}

/** The ends of the axis, with a margin; without any test pictures those of the marks. */
export function ends(own, other, marks) {
  const values = own ? middle(own, other) : marks.map(({ value }) => value).filter(Number.isFinite)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (!Number.isFinite(low)) return [0, 1]
  const margin = 0.06 * (high - low) || 1
  return [low - margin, high + margin]
}

/**
 * The middle 98 % of both kinds of pictures, but no further from one's own than that these keep a part of the width: a
 * bound may fall without end.
 */
function middle(own, other) {
  const [first, last] = [own[1], own.at(-2)]
  const room = FURTHEST * (last - first)
  return [Math.min(first, Math.max(other[1], first - room)), Math.max(last, Math.min(other.at(-2), last + room))]
}

/**
 * The density in each bin, of quantiles: every step between two of them holds the same part; what lies beyond the ends
 * is in the last.
 */
export function binned(quantiles, low, high, bins = BINS) {
  const counts = Array(bins).fill(0)
  const size = (high - low) / bins
  const part = 1 / (quantiles.length - 1)
  for (let i = 1; i < quantiles.length; i++) {
    const from = quantiles[i - 1]
    const to = Math.max(quantiles[i], from + 1e-9 * size)
    counts[0] += (part * (Math.min(to, low) - Math.min(from, low))) / (to - from)
    counts[bins - 1] += (part * (Math.max(to, high) - Math.max(from, high))) / (to - from)
    for (let bin = Math.max(0, Math.floor((from - low) / size)); bin < bins && low + bin * size < to; bin++) {
      const overlap = Math.min(to, low + (bin + 1) * size) - Math.max(from, low + bin * size)
      counts[bin] += (part * Math.max(0, overlap)) / (to - from)
    }
  }
  return counts
}

function bars(chart, kinds, { low, high, across, top, floor }) {
  const [filled, outlined] = kinds.map((quantiles) => binned(quantiles, low, high))
  const x = (bin) => across(low + (bin / BINS) * (high - low))
  const y = linear([0, Math.max(...filled, ...outlined)], [floor, top + 2])
  filled.forEach((share, bin) => chart.box([x(bin), y(share)], [x(bin + 1) + 0.3, floor], { colour: "--own" }))
  const points = outline(outlined, x, y)
  chart.area(points, { colour: "--other", alpha: 0.14 })
  chart.line(points, { colour: "--other", width: 2 })
}

function axis(chart, [first, words, last], floor) {
  const { width, height, size } = chart
  const [left, right] = [EDGE.side * size, width - EDGE.side * size]
  const colour = "--soft-ink"
  chart.segment([left, floor + 0.5], [right, floor + 0.5], { colour })
  chart.text(first, [left, height - 4], { colour })
  chart.text(words, [width / 2, height - 4], { colour, align: "center" })
  chart.text(last, [right, height - 4], { colour, align: "right" })
}

/** Lanes above the bars in which no two letters lie over each other: the lane of each, and how many there are. */
export function stacked(marks, across, apart) {
  const order = marks.map((mark, i) => i).sort((a, b) => across(marks[a].value) - across(marks[b].value))
  const of = Array(marks.length).fill(0)
  const last = /** @type {number[]} */ ([])
  for (const i of order) {
    const x = across(marks[i].value)
    let lane = last.findIndex((taken) => x - taken >= apart)
    if (lane < 0) lane = last.length
    last[lane] = x
    of[i] = lane
  }
  return { of, count: last.length }
}

function pole(chart, x, top, floor, { strong }) {
  chart.segment([x, top + chart.size * 0.65], [x, floor], { colour: ink(strong), width: strong ? 2 : 1.2 })
}

function flag(chart, x, top, floor, { letter, strong }) {
  const { size } = chart
  chart.dot([x, top + 0.65 * size], 0.62 * size, { colour: ink(strong) })
  chart.text(letter, [x, top + size], { colour: "--paper", align: "center" })
}

const ink = (strong) => (strong ? "--accent" : "--ink")

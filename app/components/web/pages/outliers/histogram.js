// Two histograms over one axis, from quantiles in equal steps: a model's own test pictures filled, outliers as an
// outline; and on it the pictures of the row as lettered marks, and the bounds within which 95 % of its own lie.

import { context2d } from "../../pixels/canvas.js"
import { written } from "./scores.js"

const BINS = 48
const FURTHEST = 5 // times the width of one's own pictures that the axis goes on beyond them
const EDGE = { side: 10, foot: 18, head: 4, mark: 17 } // CSS pixels

/**
 * Draw on a canvas: `own` and `other` quantiles or null, `marks` [{letter, value, strong}], words below the axis, and
 * at which parts of its own the bounds are.
 */
export function histogram(canvas, { own, other, marks, words, bounds }) {
  const scale = Math.min(window.devicePixelRatio || 1, 2)
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  if (!width || !height) return
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) })
  const context = context2d(canvas)
  context.scale(scale, scale)
  const style = getComputedStyle(canvas)
  const colour = (name) => style.getPropertyValue(name)
  context.font = `600 12px ${style.fontFamily}`
  const [low, high] = ends(own, other, marks)
  const lanes = stacked(marks, (value) => across(value))
  const top = EDGE.head + EDGE.mark * Math.max(1, lanes.count)
  const floor = height - EDGE.foot
  function across(value) {
    const part = Math.min(1, Math.max(0, (value - low) / (high - low)))
    return EDGE.side + part * (width - 2 * EDGE.side)
  }
  if (own)
    bars(context, [own, other], { low, high, across, top, floor, ink: colour("--own"), accent: colour("--other") })
  axis(context, {
    low,
    high,
    width,
    height,
    floor,
    words,
    more: own && Math.max(own.at(-2), other.at(-2)) > high,
    ink: colour("--soft-ink"),
  })
  if (own)
    for (const part of bounds)
      bound(context, across(own[Math.round(part * (own.length - 1))]), top, floor, colour("--ink"))
  const colours = { ink: colour("--ink"), paper: colour("--paper"), accent: colour("--accent") }
  for (const draw of [pole, flag])
    marks.forEach((mark, i) =>
      draw(context, across(mark.value), EDGE.head + EDGE.mark * lanes.of[i], floor, mark, colours),
    )
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

function bars(context, kinds, { low, high, across, top, floor, ink, accent }) {
  const [filled, outline] = kinds.map((quantiles) => binned(quantiles, low, high))
  const tallest = Math.max(...filled, ...outline)
  const y = (share) => floor - (share / tallest) * (floor - top - 2)
  const x = (bin) => across(low + (bin / BINS) * (high - low))
  context.fillStyle = ink
  filled.forEach((share, bin) => context.fillRect(x(bin), y(share), x(bin + 1) - x(bin) + 0.3, floor - y(share)))
  context.beginPath()
  context.moveTo(x(0), floor)
  outline.forEach((share, bin) => (context.lineTo(x(bin), y(share)), context.lineTo(x(bin + 1), y(share))))
  context.lineTo(x(BINS), floor)
  context.fillStyle = accent
  context.globalAlpha = 0.14
  context.fill()
  context.globalAlpha = 1
  context.strokeStyle = accent
  context.lineWidth = 2
  context.stroke()
}

function axis(context, { low, high, width, height, floor, words, more, ink }) {
  context.strokeStyle = context.fillStyle = ink
  context.lineWidth = 1
  context.beginPath()
  context.moveTo(EDGE.side, floor + 0.5)
  context.lineTo(width - EDGE.side, floor + 0.5)
  context.stroke()
  const write = (text, x, align) => {
    context.textAlign = align
    context.fillText(text, x, height - 4)
  }
  write(written(low), EDGE.side, "left")
  write(words, width / 2, "center")
  write(more ? `${written(high)} and beyond` : written(high), width - EDGE.side, "right")
}

function bound(context, x, top, floor, ink) {
  context.save()
  context.strokeStyle = ink
  context.globalAlpha = 0.55
  context.setLineDash([4, 4])
  context.beginPath()
  context.moveTo(x, top - 4)
  context.lineTo(x, floor)
  context.stroke()
  context.restore()
}

/** Lanes above the bars in which no two letters lie over each other: the lane of each, and how many there are. */
export function stacked(marks, across, apart = 17) {
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

function pole(context, x, top, floor, { strong }, { ink, accent }) {
  context.strokeStyle = strong ? accent : ink
  context.lineWidth = strong ? 2 : 1.2
  context.beginPath()
  context.moveTo(x, top + 8)
  context.lineTo(x, floor)
  context.stroke()
}

function flag(context, x, top, floor, { letter, strong }, { ink, paper, accent }) {
  context.fillStyle = strong ? accent : ink
  context.beginPath()
  context.arc(x, top + 8, 7.5, 0, 2 * Math.PI)
  context.fill()
  context.fillStyle = paper
  context.textAlign = "center"
  context.fillText(letter, x, top + 12.2)
}

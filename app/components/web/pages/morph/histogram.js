// Two histograms over one axis: of held-out pictures as grey bars, of the path's frames as a coloured outline.

import { context2d } from "../../pixels/canvas.js"

const BINS = 24
const EDGE = { side: 8, top: 18, bottom: 18 } // CSS pixels

export function histogram(canvas, held, path) {
  const scale = Math.min(window.devicePixelRatio || 1, 2)
  const [width, height] = [canvas.clientWidth, canvas.clientHeight]
  if (!width || !height) return
  Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) })
  const style = getComputedStyle(canvas)
  const [ink, accent] = ["--ink", "--accent"].map((name) => style.getPropertyValue(name))
  const context = context2d(canvas)
  context.scale(scale, scale)
  context.font = `12px ${style.fontFamily}`
  const most = Math.max(held.at(-1), path.at(-1)) || 1
  const [grey, coloured] = [shares(held, most), shares(path, most)]
  const tallest = Math.max(...grey, ...coloured)
  const x = (bin) => EDGE.side + (bin / BINS) * (width - 2 * EDGE.side)
  const y = (share) => height - EDGE.bottom - (share / tallest) * (height - EDGE.top - EDGE.bottom)
  context.fillStyle = ink
  context.globalAlpha = 0.3
  grey.forEach((share, bin) => context.fillRect(x(bin), y(share), x(bin + 1) - x(bin) - 1, y(0) - y(share)))
  context.globalAlpha = 1
  context.strokeStyle = accent
  context.lineWidth = 2
  context.beginPath()
  context.moveTo(x(0), y(0))
  coloured.forEach((share, bin) => (context.lineTo(x(bin), y(share)), context.lineTo(x(bin + 1), y(share))))
  context.lineTo(x(BINS), y(0))
  context.stroke()
  label(context, { ink, accent, width, height, most })
}

function label(context, { ink, accent, width, height, most }) {
  const write = (text, x, y, align, colour) => {
    Object.assign(context, { textAlign: align, fillStyle: colour })
    context.fillText(text, x, y)
  }
  write("0", EDGE.side, height - 4, "left", ink)
  write("distance to the nearest training picture", width / 2, height - 4, "center", ink)
  write(most.toFixed(2), width - EDGE.side, height - 4, "right", ink)
  write("held-out pictures", EDGE.side, 12, "left", ink)
  write("frames of the path", width - EDGE.side, 12, "right", accent)
}

/** The part of all distances that falls into each bin. */
function shares(distances, most) {
  const counts = Array(BINS).fill(0)
  for (const distance of distances)
    counts[Math.min(BINS - 1, Math.floor((distance / most) * BINS))] += 1 / distances.length
  return counts
}

// Two histograms over one axis: of held-out pictures as grey bars, of the path's frames as a coloured outline.

import { Chart, linear, outline } from "../../charts/chart.js"

const BINS = 24
const SIDE = 8 // CSS pixels

export function histogram(canvas, held, path) {
  const chart = new Chart(canvas)
  if (!chart.fit()) return
  const { width, height, size } = chart
  const most = Math.max(held.at(-1), path.at(-1)) || 1
  const [grey, coloured] = [shares(held, most), shares(path, most)]
  const x = linear([0, BINS], [SIDE, width - SIDE])
  const y = linear([0, Math.max(...grey, ...coloured)], [height - 1.5 * size, 1.5 * size])
  grey.forEach((share, bin) => chart.box([x(bin), y(share)], [x(bin + 1) - 1, y(0)], { alpha: 0.3 }))
  chart.line(outline(coloured, x, y), { colour: "--accent", width: 2 })
  chart.text("0", [SIDE, height - 4])
  chart.text("distance to the nearest training picture", [width / 2, height - 4], { align: "center" })
  chart.text(most.toFixed(2), [width - SIDE, height - 4], { align: "right" })
  chart.text("held-out pictures", [SIDE, size])
  chart.text("frames of the path", [width - SIDE, size], { align: "right", colour: "--accent" })
}

/** The part of all distances that falls into each bin. */
function shares(distances, most) {
  const counts = Array(BINS).fill(0)
  for (const distance of distances)
    counts[Math.min(BINS - 1, Math.floor((distance / most) * BINS))] += 1 / distances.length
  return counts
}

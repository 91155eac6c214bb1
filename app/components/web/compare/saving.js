// The walls as one picture with their names and rules, and files as downloads.

import { seeds, view } from "./view.js"

const EDGE = 24
const HEAD = 92

export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

/** Draw the walls side by side, each under its title and rule, and the seeds below. */
export function picture(columns) {
  const shown = columns.filter(({ wall }) => wall.panel)
  const width = EDGE + shown.reduce((sum, { wall }) => sum + wall.canvas.width + EDGE, 0)
  const height = HEAD + Math.max(...shown.map(({ wall }) => wall.canvas.height)) + 3 * EDGE
  const canvas = new OffscreenCanvas(width, height)
  const context = canvas.getContext("2d")
  context.fillStyle = "#ffffff"
  context.fillRect(0, 0, width, height)
  let left = EDGE
  for (const { wall, title, card } of shown) {
    write(context, title, 22, "#231f1a", left, 36, wall.canvas.width)
    if (card) write(context, `${card.rule.shown}; ${card.rule.weights}`, 14, "#6b6355", left, 58, wall.canvas.width)
    if (card) write(context, `${card.rule.likelihood}; truncation ${view.t}`, 14, "#6b6355", left, 78, wall.canvas.width)
    context.drawImage(wall.canvas, left, HEAD)
    left += wall.canvas.width + EDGE
  }
  const all = seeds()
  write(context, `Zoetrope · seeds ${view.list ? all.join(", ") : `${all[0]} to ${all.at(-1)}`}`, 14, "#6b6355", EDGE, height - EDGE, width - 2 * EDGE)
  return canvas.convertToBlob({ type: "image/png" })
}

function write(context, text, size, colour, x, y, width) {
  context.font = `${size}px system-ui, sans-serif`
  context.fillStyle = colour
  let fit = text
  while (fit.length > 4 && context.measureText(fit).width > width) fit = `${fit.slice(0, -2).trimEnd()}…`
  context.fillText(fit, x, y)
}

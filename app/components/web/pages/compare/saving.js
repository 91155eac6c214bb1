// The walls as one picture with their names and rules, and files as downloads.

import { context2d } from "../../pixels/canvas.js"
import { ALL, listed, seeds, view } from "./view.js"

const EDGE = 24
const HEAD = 92
const WIDE = 6 // columns beside each other; more go on below
const [INK, SOFT, BLANK] = ["#231f1a", "#6b6355", "#f1ede4"]

export function save(blob, name) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

/** Draw all columns, each under its title and rule, and the seeds below; one that is not drawn says so in its place. */
export function picture(columns) {
  const sizes = columns.filter(({ fresh }) => fresh).map(({ wall }) => wall.canvas)
  const [wide, high] = ["width", "height"].map((side) => Math.max(320, ...sizes.map((canvas) => canvas[side])))
  const across = Math.min(WIDE, columns.length)
  const width = EDGE + across * (wide + EDGE)
  const height = Math.ceil(columns.length / across) * (HEAD + high + EDGE) + 2 * EDGE
  const canvas = new OffscreenCanvas(width, height)
  const context = context2d(canvas)
  context.fillStyle = "#ffffff"
  context.fillRect(0, 0, width, height)
  columns.forEach((column, i) =>
    draw(context, column, EDGE + (i % across) * (wide + EDGE), Math.floor(i / across) * (HEAD + high + EDGE), wide),
  )
  const all = seeds()
  write(
    context,
    `Zoetrope · seeds ${listed() ? all.join(", ") : `${all[0]} to ${all.at(-1)}`}`,
    14,
    SOFT,
    EDGE,
    height - EDGE,
    width - 2 * EDGE,
  )
  return canvas.convertToBlob({ type: "image/png" })
}

function draw(context, { wall, title, name, card, fresh, says }, left, top, wide) {
  write(context, title, 22, INK, left, top + 36, wide)
  if (card) write(context, `${card.rule.shown}; ${card.rule.weights}`, 14, SOFT, left, top + 58, wide)
  if (card)
    write(
      context,
      [card.rule.likelihood, `truncation ${view.t}`, ...classed(card)].join("; "),
      14,
      SOFT,
      left,
      top + 78,
      wide,
    )
  if (fresh) return context.drawImage(wall.canvas, left, top + HEAD)
  context.fillStyle = BLANK
  context.fillRect(left, top + HEAD, wide, 120)
  write(context, `Missing: ${name} is not drawn`, 16, INK, left + 16, top + HEAD + 50, wide - 32)
  write(
    context,
    says.textContent || "Its wall had not come when this picture was saved.",
    14,
    SOFT,
    left + 16,
    top + HEAD + 78,
    wide - 32,
  )
}

const classed = ({ classes }) =>
  classes.length
    ? [view.y === ALL ? "all classes in turn" : `class ${classes[Math.min(view.y, classes.length - 1)]}`]
    : []

function write(context, text, size, colour, x, y, width) {
  context.font = `${size}px system-ui, sans-serif`
  context.fillStyle = colour
  let fit = text
  while (fit.length > 4 && context.measureText(fit).width > width) fit = `${fit.slice(0, -2).trimEnd()}…`
  context.fillText(fit, x, y)
}

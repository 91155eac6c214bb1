// What charts that move are drawn with: a canvas in CSS pixels with the page's colours and type, scales, and marks.

import { context2d, density } from "../pixels/canvas.js"

/** @typedef {[x: number, y: number]} Point */
/** @typedef {(value: number) => number} Scale */
/** @typedef {{colour?: string, width?: number, alpha?: number, dash?: number[]}} Look */

const FULL = 2 * Math.PI

/**
 * A scale that takes the ends of one range to those of another.
 *
 * @returns {Scale}
 */
export const linear =
  ([low, high], [from, to]) =>
  (value) =>
    from + ((value - low) / (high - low)) * (to - from)

/**
 * The outline of a histogram: from the floor over each bin and back.
 *
 * @param {number[]} shares
 * @param {Scale} x of a bin's edge
 * @param {Scale} y of a share
 * @returns {Point[]}
 */
export const outline = (shares, x, y) => [
  [x(0), y(0)],
  ...shares.flatMap((share, bin) => /** @type {Point[]} */ ([x(bin), x(bin + 1)].map((at) => [at, y(share)]))),
  [x(shares.length), y(0)],
]

export class Chart {
  width = 0
  height = 0
  /** Height of its type in CSS pixels, by which what stands around the marks is measured. */
  size = 12
  /** @type {CSSStyleDeclaration} */ style
  /** @type {Map<string, string>} */ colours = new Map()

  /**
   * @param {HTMLCanvasElement | OffscreenCanvas} surface what is drawn on
   * @param {HTMLElement} host the element whose colours and type it has
   */
  constructor(surface, host = /** @type {HTMLElement} */ (surface)) {
    this.surface = surface
    this.host = host
    this.context = context2d(surface)
  }

  /** Take a size in CSS pixels, the host's where none is given, and begin anew; whether there is room to draw in. */
  fit(width = this.host.clientWidth, height = this.host.clientHeight) {
    Object.assign(this, { width, height })
    const pixels = (length) => Math.max(1, Math.round(length * density()))
    Object.assign(this.surface, { width: pixels(width), height: pixels(height) })
    this.begin()
    return width > 0 && height > 0
  }

  /** Clear what is drawn; colours and type are what they are on the page now. */
  begin() {
    const { context } = this
    const style = getComputedStyle(this.host)
    this.style = style
    this.colours.clear()
    this.size = parseFloat(style.fontSize) || 12 // none while its host is not on the page
    context.setTransform(density(), 0, 0, density(), 0, 0)
    context.clearRect(0, 0, this.width, this.height)
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  }

  /** Take what is drawn on another of its size. */
  lay(other) {
    this.context.globalAlpha = 1
    this.context.clearRect(0, 0, this.width, this.height)
    this.context.drawImage(other.surface, 0, 0, this.width, this.height)
  }

  /** A colour of the page by its name, such as "--ink", or one as it is. */
  colour(name) {
    if (!name.startsWith("--")) return name
    if (!this.colours.has(name)) this.colours.set(name, this.style.getPropertyValue(name))
    return this.colours.get(name)
  }

  /**
   * @param {Point[]} points
   * @param {Look} as
   */
  line(points, as) {
    this.draw(as, (context) => {
      trace(context, points)
      context.stroke()
    })
  }

  segment(from, to, as) {
    this.line([from, to], as)
  }

  /**
   * Fill what points surround.
   *
   * @param {Point[]} points
   * @param {Look} as
   */
  area(points, as) {
    this.draw(as, (context) => {
      trace(context, points)
      context.fill()
    })
  }

  /** Fill from one corner to the opposite one. */
  box([left, top], [right, bottom], as) {
    this.draw(as, (context) => context.fillRect(left, top, right - left, bottom - top))
  }

  dot([x, y], radius, as) {
    this.draw(as, (context) => {
      context.beginPath()
      context.arc(x, y, radius, 0, FULL)
      context.fill()
    })
  }

  ring([x, y], radius, as) {
    this.draw(as, (context) => {
      context.beginPath()
      context.arc(x, y, radius, 0, FULL)
      context.stroke()
    })
  }

  /**
   * @param {string} words
   * @param {Point} at where their line stands, by the end that `align` names
   * @param {Look & {align?: CanvasTextAlign}} as
   */
  text(words, [x, y], { align = "left", ...as } = {}) {
    this.draw(as, (context) => {
      context.textAlign = align
      context.fillText(words, x, y)
    })
  }

  /**
   * Draw one mark; nothing of its looks stays for the next.
   *
   * @param {Look} as
   * @param {(context: ReturnType<typeof context2d>) => void} act
   */
  draw({ colour = "--ink", width = 1, alpha = 1, dash = [] }, act) {
    const { context } = this
    context.fillStyle = context.strokeStyle = this.colour(colour)
    context.lineWidth = width
    context.globalAlpha = alpha
    context.setLineDash(dash)
    act(context)
  }
}

function trace(context, points) {
  context.beginPath()
  for (const [x, y] of points) context.lineTo(x, y)
}

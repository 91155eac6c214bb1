// Strips of pictures below sliders: those in sight are decoded, all of them in one request.

import { telling } from "../core/slot.js"
import { context2d } from "../pixels/canvas.js"
import { settle } from "../ui/element.js"
import { asSheet } from "../pixels/sheet.js"

export const TILES = 9

export const tileValue = ({ low, high }, tile) => low + ((tile + 0.5) / TILES) * (high - low)

/** A strip's canvas; `jump(value)` hears where a person has pressed it. */
export function stripOf(card, range, strip, jump) {
  strip.style.aspectRatio = `${TILES * card.shape[2]} / ${card.shape[1]}`
  strip.addEventListener("click", (event) => {
    const tile = Math.min(TILES - 1, Math.floor((event.offsetX / strip.clientWidth) * TILES))
    jump(tileValue(range, tile))
  })
}

export class Strips {
  /**
   * `rows` maps a key to {element, strip, low, high}; `put(z, key, value)` moves a latent to a value of that row.
   *
   * @param {import("../core/channel.js").Channel} channel
   */
  constructor(channel, name, list, rows, put) {
    this.list = list
    this.rows = rows
    this.put = put
    this.view = null
    this.slot = channel.slot(name)
    this.refresh = settle(() => this.view && this.ask(), 120)
    // The list scrolls, or on a phone the page.
    document.addEventListener("scroll", this.refresh, { capture: true, passive: true })
  }

  ask() {
    const keys = this.visible()
    const { card, z, y } = this.view
    if (!keys.length) return
    const rows = new Float32Array(keys.length * TILES * z.length)
    keys.forEach((key, line) => {
      for (let tile = 0; tile < TILES; tile++) {
        const at = (line * TILES + tile) * z.length
        rows.set(z, at)
        this.put(rows.subarray(at, at + z.length), key, tileValue(this.rows.get(key), tile))
      }
    })
    /** @type {import("../core/verbs.js").Operation} */
    const operation = { verb: "decode", model: card.name, rows: keys.length * TILES, columns: TILES, y: y ?? undefined }
    this.slot
      .ask(operation, rows, asSheet)
      .then(({ results: [{ shape }], made }) => card === this.view.card && this.take(keys, shape, made))
      .catch(telling())
  }

  visible() {
    const frame = this.list.getBoundingClientRect()
    const [top, bottom] = [Math.max(frame.top, 0), Math.min(frame.bottom, window.innerHeight)]
    const seen = (row) => {
      const place = row.element.getBoundingClientRect()
      return place.height > 0 && place.bottom > top - 40 && place.top < bottom + 40
    }
    return [...this.rows].filter(([, row]) => seen(row)).map(([key]) => key)
  }

  take(keys, [, height, width], all) {
    keys.forEach((key, line) => {
      const strip = this.rows.get(key)?.strip
      if (!strip) return
      strip.width = TILES * width
      strip.height = height
      context2d(strip).drawImage(all, 0, line * height, TILES * width, height, 0, 0, TILES * width, height)
    })
  }

  close() {
    this.refresh.cancel()
    document.removeEventListener("scroll", this.refresh, { capture: true })
  }
}

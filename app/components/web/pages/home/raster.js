// A thumbnail that is drawn pixel by pixel: a row at a time, then another picture.

import { telling } from "../../core/slot.js"
import { Drawing } from "../../latent/drawing.js"
import { image } from "../../pixels/board.js"

const PAUSE = 1600 // milliseconds that a whole picture stays
const FIRST = 3 // the seed that it begins with where the card names none
const ROWS = 7 // of the first picture, asked for at once

export class Raster {
  /** @type {Drawing} */ drawing

  /**
   * `on.shown(image)` gets the picture each time it has grown, `on.refuse(sentence)` why it does not.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(about, channel, on) {
    this.about = about
    this.on = on
    this.count = 0
    this.pause = PAUSE
    this.hurries = true
    this.slot = channel.slot(`card-${about.name}`)
    this.begin()
    this.ask(ROWS)
  }

  begin() {
    const [channels, height, width] = this.about.shape
    const { keys } = this.about.first
    const seed = keys.length ? keys[this.count % keys.length] : FIRST + this.count
    const y = this.about.classes.length ? this.count % this.about.classes.length : null
    this.count += 1
    const all = new Uint8Array(height * width).fill(1)
    this.drawing = new Drawing(this.about, new Uint8Array(height * width * channels), all, [seed], y)
    this.drawing.tells = false
  }

  ask(rows) {
    const { drawing } = this
    const stretch = drawing.stretch(rows)
    this.waits = Boolean(stretch)
    if (!stretch) return
    this.slot
      .askAll([drawing.ask(stretch)])
      .then(({ results: [result] }) => this.take(drawing, result, stretch))
      .catch(telling((sentence) => this.fail(sentence)))
  }

  again() {
    this.waits = false
    this.ask(ROWS)
  }

  fail(sentence) {
    this.waits = false
    this.on.refuse(sentence)
  }

  take(drawing, result, stretch) {
    this.waits = false
    drawing.take(result, stretch)
    drawing.show(Infinity)
    const { pictures, hidden, at } = drawing
    this.on.shown(image(pictures[0], this.about.shape, (pixel) => hidden[pixel] && pixel >= at))
    if (drawing.done) this.hurries = false
    if (this.hurries) this.ask(ROWS) // the first one to its end, so that no card stays empty
  }

  /** Draw a row more; once the picture is whole, another after a while. */
  move(milliseconds) {
    if (this.waits) return
    if (!this.drawing.done) return this.ask(1)
    this.pause -= milliseconds
    if (this.pause > 0) return
    this.pause = PAUSE
    this.begin()
  }
}

// What models say of pictures: asked once for each picture as a model sees it, and kept until that changes.

import { telling } from "../../core/slot.js"
import { cut } from "../../source/crop.js"

const known = new WeakMap() // picture → model → {seen, nats, bits, given, background, stale}

const same = (one, other) => one.length === other.length && one.every((byte, i) => byte === other[i])
const finite = (value) => value ?? -Infinity // JSON knows no infinity

export class Readings {
  /**
   * `on.read(ms, trouble)` hears of new readings, and why there is none of the background; `on.failed(sentence, model)`
   * of models that gave none.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, name, on) {
    this.on = on
    this.slot = channel.slot(name)
  }

  /** What a model says of a picture, null where it has not said yet; an older reading says what it last said. */
  static of(picture, card) {
    return known.get(picture)?.get(card.name) ?? null
  }

  /**
   * A picture may have changed under the hand: what was said of it is stale until it is found the same, or read again.
   */
  static doubt(picture) {
    known.get(picture)?.forEach((reading) => (reading.stale = true))
  }

  /**
   * Have a model, and the one behind it, score those pictures that it does not know as they are now; whether any is new
   * to it.
   */
  ask(pictures, card) {
    const seen = pictures.map((picture) => cut(picture, picture.crop, card.shape))
    const fresh = pictures
      .map((picture, i) => i)
      .filter((i) => !(Readings.of(pictures[i], card) && same(Readings.of(pictures[i], card).seen, seen[i])))
    pictures.forEach((picture, i) => fresh.includes(i) || (Readings.of(picture, card).stale = false))
    if (!fresh.length) {
      this.slot.drop()
      return false
    }
    const names = card.background ? [card.name, card.background] : [card.name]
    const rows = fresh.map((i) => seen[i])
    /** @returns {import("../../core/verbs.js").Operation} */
    const score = (model) => ({ verb: "score", model, rows: rows.length })
    const asked = names.map((model) => ({ operation: score(model), rows }))
    const which = fresh.map((i) => pictures[i])
    this.slot
      .askAll(asked)
      .then((answer) => this.take(answer, card, which, rows))
      .catch(telling((sentence) => this.on.failed(sentence, card.name)))
    return true
  }

  take({ results: [result, behind], ms }, card, pictures, seen) {
    if (result.error) return this.on.failed(result.error, card.name)
    const nats = result.log_prob ?? result.elbo
    const back = behind && !behind.error ? (behind.log_prob ?? behind.elbo) : null
    const given = new Float32Array(result.payload)
    const classes = given.length / nats.length
    pictures.forEach((picture, i) => {
      const reading = {
        seen: seen[i],
        nats: finite(nats[i]),
        bits: result.file_bits[i],
        background: back ? finite(back[i]) : null,
        given: given.slice(i * classes, (i + 1) * classes),
      }
      reading.stale = !same(reading.seen, cut(picture, picture.crop, card.shape))
      if (!known.has(picture)) known.set(picture, new Map())
      known.get(picture).set(card.name, reading)
    })
    this.on.read(ms, behind?.error)
  }
}

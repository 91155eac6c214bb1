// Where a person makes directions and reckons with pictures: two boxes whose means a direction joins, and A − B + C.

import { telling } from "../core/slot.js"
import { button, element } from "../ui/element.js"
import { decoded, drawOn } from "../pixels/sheet.js"
import { between } from "./along.js"
import { Holder } from "./holder.js"

const MOST = 12 // pictures of a box
const DRAWN = 8 // random ones at a time

export class Workshop {
  /** `make(direction)` hears of a new direction. */
  constructor(explorer, make) {
    this.explorer = explorer
    this.make = make
    this.model = null
    this.sum = /** @type {{z: number[], y: number | null} | null} */ (null)
    const { channel } = explorer
    this.draws = channel.slot("boxes")
    this.thumbs = channel.slot("thumbs")
    const changed = () => this.changed()
    const here = [
      "This picture",
      "put the picture shown in here",
      (holder) => this.put(holder, [explorer.view.snapshot()]),
    ]
    const marks = [
      "Bookmarks",
      "put all bookmarks in here",
      (holder) => this.put(holder, explorer.bookmarks.mine.filter(Boolean)),
    ]
    const random = (count) => [
      "Random",
      `put ${count === 1 ? "a random picture" : `${count} random pictures`} in here`,
      (holder) => this.draw(holder, count),
    ]
    this.boxes = ["Box A", "Box B"].map((name) => new Holder(name, MOST, [here, marks, random(DRAWN)], changed))
    this.terms = ["A", "B", "C"].map((name) => new Holder(`Picture ${name}`, 1, [here, random(1)], changed))
    this.layout()
  }

  layout() {
    this.making = button("Make the direction A → B", "From the mean of box A to the mean of box B", {
      onclick: () => this.join(),
    })
    this.canvas = element("canvas", { class: "zt-sum", width: 1, height: 1, role: "img", "aria-label": "A − B + C" })
    this.opening = button("Open the result", "Show A − B + C as the picture", { onclick: () => this.visit() })
    const equals = element(
      "div",
      { class: "zt-holder" },
      element("div", { class: "zt-holder-head" }, element("b", {}, "A − B + C"), this.opening),
      this.canvas,
    )
    const boxes = element(
      "details",
      { class: "zt-workshop" },
      element("summary", {}, "Make a direction from two boxes of pictures"),
      ...this.boxes.map((box) => box.element),
      this.making,
    )
    const sum = element(
      "details",
      { class: "zt-workshop" },
      element("summary", {}, "Arithmetic: A − B + C"),
      ...this.terms.map((term) => term.element),
      equals,
    )
    this.element = element("div", { class: "zt-workshops" }, boxes, sum)
  }

  /** Boxes belong to a model: those of another one are emptied. */
  open({ card }) {
    if (this.model === card.name) return
    this.model = card.name
    for (const holder of this.holders) holder.clear()
    this.changed()
  }

  get holders() {
    return [...this.boxes, ...this.terms]
  }

  put(holder, snapshots) {
    const { toasts } = this.explorer
    if (!snapshots.length) return toasts.say("There are no bookmarks yet: K keeps the picture shown.")
    if (!holder.add(snapshots)) toasts.say(`${holder.name} holds ${holder.most} pictures; the others stayed out.`)
  }

  draw(holder, count) {
    const { parts, card, toasts } = this.explorer
    const seeds = Array.from({ length: count }, () => Math.floor(Math.random() * 2 ** 32))
    this.draws
      .ask({ verb: "latents", model: card.name, seeds, truncation: Number(parts.truncation.value) })
      .then(({ results: [result] }) => card === this.explorer.card && this.put(holder, this.snapshots(result)))
      .catch(telling((sentence) => toasts.say(sentence)))
  }

  snapshots({ payload, shape: [count, latent] }) {
    const all = new Float32Array(payload)
    const { y } = this.explorer.view
    return Array.from({ length: count }, (_, i) => ({ z: [...all.slice(i * latent, (i + 1) * latent)], y }))
  }

  /** Pictures came or went: decode them all, and the result with them. */
  changed() {
    const { card } = this.explorer
    const [a, b, c] = this.terms.map(({ items }) => items[0])
    this.sum = a && b && c ? { z: a.z.map((value, axis) => value - b.z[axis] + c.z[axis]), y: c.y } : null
    this.making.disabled = this.boxes.some(({ items }) => !items.length)
    this.opening.disabled = !this.sum
    this.canvas.hidden = !this.sum
    const items = [
      ...this.holders.flatMap((holder) => holder.items),
      ...(this.sum ? [{ ...this.sum, thumb: this.canvas }] : []),
    ]
    if (!items.length) return this.thumbs.drop()
    const y = card.classes.length ? items.map((item) => item.y) : undefined
    const operation = { verb: "decode", model: card.name, rows: items.length, columns: items.length, y }
    this.thumbs
      .ask(operation, Float32Array.from(items.flatMap(({ z }) => z)), decoded)
      .then(({ made }) => made.forEach((image, i) => drawOn(items[i].thumb, image)))
      .catch(telling())
  }

  join() {
    const { card, toasts } = this.explorer
    const [from, to] = this.boxes.map(({ items }) => items.map(({ z }) => z))
    const made = between(from, to, card)
    if (!made)
      return toasts.say("Both boxes have the same mean, so no direction leads from A to B. Change one of them.")
    this.make(made)
  }

  /** Show the result; what is frozen stays. */
  visit() {
    const { commands, motion, levels, view } = this.explorer
    if (!this.sum) return
    const { z, y } = this.sum
    if (y === view.y) return motion.glide(commands.aimed(levels.free, (axis) => z[axis]))
    commands.visit({ z: commands.aimed(levels.free, (axis) => z[axis]), y })
  }
}

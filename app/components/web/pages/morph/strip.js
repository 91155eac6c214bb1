// The strip of key pictures: their order, their classes, and what adds and removes them.

import { telling } from "../../core/slot.js"
import { context2d } from "../../pixels/canvas.js"
import { element } from "../../ui/element.js"
import { decoded, drawOn } from "../../pixels/sheet.js"
import { caption } from "./walk.js"

const APART = 6 // pixels that a pointer moves before it drags

export class Strip {
  /**
   * `on.changed()` hears that the keys are others, `on.visit(key)` that one was chosen, `on.pictures()` that they came.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, list, on) {
    this.list = list
    this.on = on
    this.walk = null
    this.slot = channel.slot("morph-keys")
  }

  /** Show the keys of a walk; the pictures that they lack are asked for. */
  open(walk) {
    this.walk = walk
    const focus = this.focused()
    this.list.replaceChildren(...walk.keys.map((key, place) => this.item(key, place)))
    if (focus >= 0) this.focus(Math.min(focus, walk.keys.length - 1))
    this.ask()
  }

  item(key, place) {
    const { card, keys } = this.walk
    const thumb = element("canvas", { width: card.shape[2], height: card.shape[1] })
    if (key.image) context2d(thumb).drawImage(key.image, 0, 0)
    key.thumb = thumb
    const name = caption(key)
    const open = element(
      "button",
      {
        type: "button",
        class: "zt-key-open",
        title: "Go there; drag to reorder",
        "aria-label": `Key picture ${place + 1} of ${keys.length}, ${name}: go there`,
      },
      thumb,
    )
    open.addEventListener("click", () => !this.dragged && this.on.visit(place))
    open.addEventListener("pointerdown", (event) => this.grab(event, key))
    const drop = element(
      "button",
      {
        type: "button",
        class: "zt-mark-drop",
        title: "Remove (Delete)",
        "aria-label": `Remove key picture ${place + 1}`,
        onclick: () => this.remove(place),
      },
      "×",
    )
    return element(
      "li",
      { class: "zt-key" },
      open,
      drop,
      element("small", { title: name }, name),
      card.classes.length ? this.classes(key, place) : null,
    )
  }

  classes(key, place) {
    const options = this.walk.card.classes.map((name, y) =>
      element("option", { value: y, selected: y === key.y }, name),
    )
    const choose = (event) => {
      key.y = Number(event.target.value)
      key.image = null
      this.on.changed()
    }
    return element(
      "select",
      { class: "zt-axis-choice", "aria-label": `Class of key picture ${place + 1}`, onchange: choose },
      ...options,
    )
  }

  // Order

  /** Follow a pointer that drags a key along the strip. */
  grab(event, key) {
    if (event.button > 0) return
    this.dragged = false
    const start = event.clientX
    const move = (next) => {
      if (!this.dragged && Math.abs(next.clientX - start) < APART) return
      this.dragged = true
      const to = this.placeAt(next.clientX, next.clientY)
      const from = this.walk.keys.indexOf(key)
      if (to >= 0 && from >= 0 && to !== from) this.move(from, to)
    }
    const end = () => {
      setTimeout(() => (this.dragged = false)) // after the click that ends a drag
      window.removeEventListener("pointermove", move)
      window.removeEventListener("pointerup", end)
      window.removeEventListener("pointercancel", end)
    }
    window.addEventListener("pointermove", move)
    window.addEventListener("pointerup", end)
    window.addEventListener("pointercancel", end)
  }

  placeAt(x, y) {
    return [...this.list.children].findIndex((item) => {
      const area = item.getBoundingClientRect()
      return x >= area.left && x <= area.right && y >= area.top - 20 && y <= area.bottom + 20
    })
  }

  move(from, to) {
    if (to < 0 || to >= this.walk.keys.length) return
    const held = this.focused() === from
    this.walk.move(from, to)
    this.on.changed()
    if (held) this.focus(to)
  }

  remove(place) {
    const [key] = this.walk.keys.splice(place, 1)
    const { walk } = this
    this.on.changed()
    this.focus(Math.min(place, walk.keys.length - 1))
    const back = () => {
      walk.keys.splice(place, 0, key)
      this.on.changed()
    }
    this.on.removed(`Key picture ${place + 1} removed.`, back)
  }

  // Focus

  /** The place of the key that has the focus, or −1. */
  focused() {
    return [...this.list.children].findIndex((item) => item.contains(document.activeElement))
  }

  focus(place) {
    this.list.children[place]?.querySelector("button").focus()
  }

  // Pictures

  ask() {
    const { card, keys } = this.walk
    const wanting = keys.filter((key) => !key.image)
    if (!wanting.length) return this.slot.drop()
    const y = card.classes.length ? wanting.map((key) => key.y) : undefined
    /** @type {import("../../core/verbs.js").Operation} */
    const operation = { verb: "decode", model: card.name, rows: wanting.length, columns: wanting.length, y }
    this.slot
      .ask(operation, Float32Array.from(wanting.flatMap(({ z }) => z)), decoded)
      .then(({ made }) => this.take(wanting, made))
      .catch(telling((sentence) => this.on.error(sentence)))
  }

  take(keys, images) {
    keys.forEach((key, i) => {
      key.image = new OffscreenCanvas(1, 1)
      drawOn(key.image, images[i])
      if (key.thumb) context2d(key.thumb).drawImage(key.image, 0, 0)
    })
    this.on.pictures()
    this.ask()
  }
}

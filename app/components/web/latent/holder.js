// A place that holds pictures of a model, as latents, for a direction or for arithmetic.

import { button, element } from "../ui/element.js"

export class Holder {
  /**
   * `most` pictures at a time; a place for one takes the newest. `sources`: [text, title, act(holder)] each, as
   * buttons.
   */
  constructor(name, most, sources, changed) {
    this.name = name
    this.most = most
    this.changed = changed
    this.items = []
    this.shelf = element("div", { class: "zt-holder-shelf" })
    const open = ([text, title, act]) =>
      button(text, title, { "aria-label": `${name}: ${title}`, onclick: () => act(this) })
    const head = element("div", { class: "zt-holder-head" }, element("b", {}, name), ...sources.map(open))
    this.element = element("div", { class: "zt-holder", role: "group", "aria-label": name }, head, this.shelf)
  }

  /** Take some snapshots in; false where not all of them find room. */
  add(snapshots) {
    const room = this.most === 1 ? 1 : this.most - this.items.length
    const made = snapshots.slice(0, room).map((snapshot) => this.item(snapshot))
    this.items = this.most === 1 ? made : [...this.items, ...made]
    this.paint()
    return snapshots.length <= room
  }

  item(snapshot) {
    const thumb = element("canvas", { width: 1, height: 1 })
    const item = { ...snapshot, thumb, button: null }
    const remove = () => {
      this.items = this.items.filter((other) => other !== item)
      this.paint()
      this.element.querySelector("button").focus()
    }
    item.button = element(
      "button",
      {
        type: "button",
        class: "zt-holder-item",
        title: "Take this picture out",
        "aria-label": `Take a picture out of ${this.name}`,
        onclick: remove,
      },
      thumb,
      element("span", { "aria-hidden": "true" }, "×"),
    )
    return item
  }

  clear() {
    this.items = []
    this.shelf.replaceChildren()
  }

  paint() {
    this.shelf.replaceChildren(...this.items.map((item) => item.button))
    this.changed()
  }
}

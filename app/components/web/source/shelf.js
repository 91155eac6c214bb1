// The pictures that come along: made by ourselves, so they may be shown anywhere.

import { Newest, telling } from "../core/slot.js"
import { element } from "./parts.js"
import { lay, opened } from "./sourceState.js"

export class Shelf {
  newest = new Newest()

  constructor(on) {
    this.on = on
    this.all = []
    this.panel = element("div", { class: "zt-rec-shelf", role: "group", "aria-label": "Pictures that come along" })
  }

  offer(bundled) {
    if (this.all.length === bundled.length) return // they do not change
    this.all = bundled
    const thumb = ({ name, title, url, at, of }) =>
      element("button", {
        type: "button",
        class: "zt-rec-thumb",
        title,
        "aria-label": title,
        "data-name": name,
        style: `background: url("${url}") ${(100 * at) / (of - 1 || 1)}% 0 / ${100 * of}% 100%`,
        onclick: () => this.choose(name),
      })
    const named = (group) =>
      element(
        "div",
        { class: "zt-rec-set", role: "group", "aria-label": group },
        element("p", {}, group),
        ...bundled.filter((each) => each.group === group).map(thumb),
      )
    this.panel.replaceChildren(...[...new Set(bundled.map(({ group }) => group))].map(named))
  }

  has(name) {
    return this.all.some((picture) => picture.name === name)
  }

  async choose(name) {
    const { title, url, at, of, data } = this.all.find((picture) => picture.name === name)
    try {
      const canvas = await this.newest.of(opened(url, at, of))
      lay("shelf", canvas, { fit: "all", title, hint: data, query: { source: `bundled:${name}` } })
    } catch (error) {
      return telling()(error)
    }
    this.mark(name)
    this.on.laid()
  }

  mark(name) {
    for (const thumb of this.panel.querySelectorAll(".zt-rec-thumb"))
      thumb.setAttribute("aria-pressed", thumb.dataset.name === name)
  }
}

// The rows of the axes, in groups where the latent has levels, and their strips of pictures.

import { element } from "../ui/element.js"
import { about } from "./about.js"
import { bodyId, LevelHead } from "./level.js"
import { axisRow, lock } from "./row.js"
import { Strips } from "./strips.js"
import { axisName, ownName, strongest } from "./view.js"

const FIRST = 24 // rows shown, of all levels together, before a person asks for the others

export class Axes {
  constructor(channel, parts, on) {
    this.parts = parts
    this.on = on
    this.rows = new Map()
    this.heads = []
    this.strips = new Strips(channel, "strips", parts.list, this.rows, (z, axis, value) => (z[axis] = value))
    this.refresh = this.strips.refresh
  }

  close() {
    this.strips.close()
  }

  /** Show the axes of a view's model. */
  open(view, names) {
    const other = this.view?.card.name !== view.card.name
    this.view = this.strips.view = view
    this.names = names
    if (other) this.build()
    for (const [axis, row] of this.rows) this.label(row, axisName(view.card, names, axis))
    this.lock()
    this.move()
    this.refresh()
  }

  label(row, name) {
    row.label.textContent = name
    row.slider.setAttribute("aria-label", `${name}, from ${row.low} to ${row.high}`)
  }

  build() {
    const { card } = this.view
    this.most = Math.max(1e-9, ...card.axes.map((axis) => axis.kl ?? axis.spread))
    this.rows.clear()
    this.heads = []
    const groups = card.levels.length
      ? card.levels.map((level, place) => this.level(level, place))
      : this.group(strongest(card), FIRST)
    this.parts.list.replaceChildren(this.parts.directions, ...groups, about(card))
  }

  level(level, place) {
    const { levels } = this.view.card
    const head = new LevelHead(level, place, levels.length, this.on)
    const axes = strongest(this.view.card).filter((axis) => level.axes.includes(axis))
    const body = element(
      "div",
      { class: "zt-level-axes", id: bodyId(place) },
      ...this.group(axes, Math.ceil(FIRST / levels.length)),
    )
    this.heads.push({ head, body })
    return element(
      "section",
      { class: "zt-level", role: "group", "aria-label": `Level ${level.name}` },
      head.element,
      body,
    )
  }

  /** The first rows of some axes, and buttons for the weaker and the collapsed ones. */
  group(order, first) {
    const { axes } = this.view.card
    const alive = order.filter((axis) => !axes[axis].collapsed)
    const dead = order.filter((axis) => axes[axis].collapsed)
    return [
      ...alive.slice(0, first).map((axis) => this.row(axis)),
      ...this.more(alive.slice(first), (count) => `Show ${count} weaker ${count === 1 ? "axis" : "axes"}`),
      ...this.more(dead, (count) => `Show ${count} collapsed ${count === 1 ? "axis" : "axes"}`),
    ]
  }

  more(axes, text) {
    if (!axes.length) return []
    const show = () => {
      const rows = axes.map((axis) => this.row(axis))
      button.replaceWith(...rows)
      this.lock()
      this.move()
      this.refresh()
    }
    const button = element("button", { class: "zt-fold", type: "button", onclick: show }, text(axes.length))
    return [button]
  }

  row(axis) {
    const { card } = this.view
    const rename = (of, name) => this.on.rename(of, name === ownName(card, axis) ? "" : name)
    const row = axisRow(card, axis, this.most, { ...this.on, rename })
    this.label(row, axisName(card, this.names, axis))
    this.rows.set(axis, row)
    return row.element
  }

  /** Show what is frozen and what is folded. */
  lock() {
    const { levels } = this.on
    for (const { head, body } of this.heads) {
      head.paint(levels.isFrozen(head.level), levels.isFolded(head.level))
      body.hidden = levels.isFolded(head.level)
    }
    for (const [axis, row] of this.rows) lock(row, levels.holds(axis))
  }

  /** Put every slider where the view is; touches only what has changed, since this runs at each screen refresh. */
  move() {
    const { z, active } = this.view
    for (const [axis, row] of this.rows) {
      if (row.at !== z[axis]) this.place(row, z[axis])
      if (row.active === (axis === active)) continue
      row.active = axis === active
      row.element.classList.toggle("zt-active", row.active)
    }
  }

  place(row, value) {
    row.at = value
    if (Math.abs(Number(row.slider.value) - value) > 5e-5) row.slider.value = value
    row.value.textContent = value.toFixed(2).replace("-", "−")
    row.slider.setAttribute("aria-valuetext", row.value.textContent)
  }

  /** The axis whose slider has the focus, or null. */
  focused() {
    for (const [axis, row] of this.rows) if (row.slider === document.activeElement) return axis
    return null
  }
}

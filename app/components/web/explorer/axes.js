// One row for each axis: its name, how much it says, a slider, and a strip of pictures over its whole range.

import { element, settle } from "../element.js"
import { sheet } from "../pixels.js"
import { about } from "./about.js"
import { axisName, strongest } from "./view.js"

const FIRST = 24 // rows shown before a person asks for the others
const TILES = 9

export class Axes {
  constructor(channel, parts, on) {
    Object.assign(this, { parts, on, rows: new Map(), unfolded: new Set() })
    this.slot = channel.slot("strips", (answer) => this.takeStrips(answer))
    this.refresh = settle(() => this.view && this.ask(), 120)
    document.addEventListener("scroll", this.refresh, { capture: true, passive: true }) // of the list, or of a phone's page
  }

  close() {
    this.refresh.cancel()
    document.removeEventListener("scroll", this.refresh, { capture: true })
  }

  /** Show the axes of a view's model. */
  open(view, names) {
    const other = this.view?.card.name !== view.card.name
    this.view = view
    this.names = names
    if (other) {
      this.unfolded.clear()
      this.build()
    }
    for (const [axis, row] of this.rows) this.label(row, axisName(view.card, names, axis))
    this.move()
    this.refresh()
  }

  label(row, name) {
    row.label.textContent = name
    row.slider.setAttribute("aria-label", `${name}, from ${row.low} to ${row.high}`)
  }

  build() {
    const { card } = this.view
    const order = strongest(card)
    const alive = order.filter((axis) => !card.axes[axis].collapsed)
    const dead = order.filter((axis) => card.axes[axis].collapsed)
    this.most = Math.max(1e-9, ...card.axes.map((axis) => axis.kl ?? axis.spread))
    this.rows.clear()
    this.parts.list.replaceChildren(...alive.slice(0, FIRST).map((axis) => this.row(axis)))
    this.fold(alive.slice(FIRST), (count) => `Show ${count} weaker axes`)
    this.fold(dead, (count) => `Show ${count} collapsed ${count === 1 ? "axis" : "axes"}`)
    this.parts.list.append(about(card))
  }

  fold(axes, text) {
    if (!axes.length) return
    const show = () => {
      button.replaceWith(...axes.map((axis) => this.row(axis)))
      this.move()
      this.refresh()
    }
    const button = element("button", { class: "zt-fold", type: "button", onclick: show }, text(axes.length))
    this.parts.list.append(button)
  }

  row(axis) {
    const { card } = this.view
    const { low, high } = card.axes[axis]
    const label = element("button", { class: "zt-axis-name", type: "button", title: "Rename this axis" })
    const slider = element("input", { type: "range", min: low, max: high, step: "any", class: "zt-slider", "data-testid": "axis-slider" })
    slider.dataset.axis = axis
    const value = element("output", { class: "zt-value" })
    const strip = element("canvas", { class: "zt-strip", title: "Click a picture to go there" })
    strip.style.aspectRatio = `${TILES * card.shape[2]} / ${card.shape[1]}`
    const row = { label, slider, value, strip, low, high }
    label.addEventListener("click", () => this.rename(axis, row))
    slider.addEventListener("input", (event) => this.slide(axis, row, event))
    slider.addEventListener("change", () => this.on.settled())
    slider.addEventListener("focus", () => this.on.active(axis))
    slider.addEventListener("dblclick", () => this.jump(axis, card.home[axis]))
    strip.addEventListener("click", (event) => {
      const tile = Math.min(TILES - 1, Math.floor((event.offsetX / strip.clientWidth) * TILES))
      this.jump(axis, tileValue(row, tile))
    })
    const about = element("span", { class: "zt-axis-about" }, ...this.worth(axis))
    const head = element("div", { class: "zt-axis-head" }, label, about, value)
    row.element = element("div", { class: card.axes[axis].collapsed ? "zt-axis zt-dead" : "zt-axis" }, head, slider, strip)
    this.label(row, axisName(card, this.names, axis))
    this.rows.set(axis, row)
    return row.element
  }

  /** How much an axis says: its KL in nats, or the part of the pixels' range that it moves. */
  worth(axis) {
    const { kl, spread, collapsed } = this.view.card.axes[axis]
    const part = Math.min(1, (kl ?? spread) / this.most)
    const bar = element("i", { class: "zt-bar" })
    bar.style.setProperty("--part", part)
    if (collapsed) return [`collapsed: ${kl.toFixed(2)} nats`]
    const text = kl === null ? (spread ? `moves pixels by ${(100 * spread).toFixed(1)} %` : "") : `${kl.toFixed(2)} nats`
    return text ? [bar, text] : []
  }

  slide(axis, row, event) {
    this.on.drag([axis], [Number(row.slider.value)], event.timeStamp)
  }

  jump(axis, value) {
    this.on.jump(axis, value)
  }

  rename(axis, row) {
    const input = element("input", { class: "zt-rename", value: row.label.textContent, maxLength: 40, "aria-label": "Name of the axis" })
    let done = false
    const finish = (keep) => {
      if (done) return
      done = true
      const name = input.value.trim()
      input.replaceWith(row.label)
      if (keep && name !== row.label.textContent) this.on.rename(axis, name === `z${axis}` ? "" : name)
    }
    input.addEventListener("keydown", (event) => {
      event.stopPropagation()
      if (event.key === "Enter") finish(true)
      if (event.key === "Escape") finish(false)
    })
    input.addEventListener("blur", () => finish(true))
    row.label.replaceWith(input)
    input.select()
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

  ask() {
    const axes = this.visible()
    const { card, z, y } = this.view
    if (!axes.length) return
    const rows = new Float32Array(axes.length * TILES * z.length)
    axes.forEach((axis, line) => {
      for (let tile = 0; tile < TILES; tile++) {
        const at = (line * TILES + tile) * z.length
        rows.set(z, at)
        rows[at + axis] = tileValue(this.rows.get(axis), tile)
      }
    })
    const panel = { verb: "decode", model: card.name, rows: axes.length * TILES, columns: TILES, y: y ?? undefined }
    this.slot.ask(panel, rows, axes)
  }

  visible() {
    const frame = this.parts.list.getBoundingClientRect()
    const [top, bottom] = [Math.max(frame.top, 0), Math.min(frame.bottom, window.innerHeight)]
    const seen = (row) => {
      const place = row.element.getBoundingClientRect()
      return place.height > 0 && place.bottom > top - 40 && place.top < bottom + 40
    }
    return [...this.rows].filter(([, row]) => seen(row)).map(([axis]) => axis)
  }

  async takeStrips({ panels: [panel], note: axes }) {
    const all = await sheet(panel)
    if (panel.model !== this.view.card.name) return
    const [, height, width] = panel.shape
    axes.forEach((axis, line) => {
      const strip = this.rows.get(axis)?.strip
      if (!strip) return
      strip.width = TILES * width
      strip.height = height
      strip.getContext("2d").drawImage(all, 0, line * height, TILES * width, height, 0, 0, TILES * width, height)
    })
  }

  /** The axis whose slider has the focus, or null. */
  focused() {
    for (const [axis, row] of this.rows) if (row.slider === document.activeElement) return axis
    return null
  }
}

const tileValue = (row, tile) => row.low + ((tile + 0.5) / TILES) * (row.high - row.low)

// The head of a level's sliders: what the level is, and the buttons that freeze, resample and fold it.

import { element } from "../ui/element.js"

export class LevelHead {
  /** `place` of `count` levels, the uppermost first; `on` has freeze, resample and fold. */
  constructor(level, place, count, on) {
    const { name, axes } = level
    const act = (what) => ({ type: "button", onclick: () => on[what](level) })
    const number = element("span", { class: "zt-level-count" }, `${axes.length} ${axes.length === 1 ? "axis" : "axes"}`)
    this.level = level
    this.fold = element(
      "button",
      { ...act("fold"), class: "zt-level-fold", title: "Fold or unfold", "aria-controls": bodyId(place) },
      `${name} `,
      number,
    )
    this.freeze = element("button", { ...act("freeze"), class: "zt-button", "aria-label": `Freeze ${name}` }, "Freeze")
    this.resample = element(
      "button",
      { ...act("resample"), class: "zt-button", "aria-label": `Resample ${name}` },
      "Resample",
    )
    this.about = element("p", { class: "zt-level-about" })
    this.element = element(
      "div",
      { class: "zt-level-head" },
      element("h3", {}, this.fold),
      this.freeze,
      this.resample,
      this.about,
    )
    this.element.style.setProperty("--above", place)
    this.element.style.setProperty("--beneath", count - 1 - place)
  }

  paint(frozen, folded) {
    const { name, about } = this.level
    this.element.classList.toggle("zt-frozen", frozen)
    this.fold.setAttribute("aria-expanded", !folded)
    this.freeze.setAttribute("aria-pressed", frozen)
    this.freeze.title = frozen
      ? `Let ${name} move again (L)`
      : `Random, Nudge, Reset and the plane will leave ${name} alone (L)`
    this.resample.disabled = frozen
    this.resample.title = frozen ? `${name} is frozen` : `Draw ${name} anew from the prior; everything else stays`
    this.about.textContent = frozen ? "Frozen: Random and the plane leave it alone." : about
  }
}

export const bodyId = (place) => `zt-level-${place}`

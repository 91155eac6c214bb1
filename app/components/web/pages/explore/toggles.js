// What is switched on and off: soft pixels, the heat map, the dots of the data.

export class Toggles {
  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
    this.press()
  }

  press() {
    const { parts, picture, plane } = this.explorer
    parts.soft.setAttribute("aria-pressed", picture.soft)
    parts.heating.setAttribute("aria-pressed", picture.heating)
    parts.dots.setAttribute("aria-pressed", plane.dots)
  }

  soften() {
    const { picture, persistence } = this.explorer
    picture.soft = !picture.soft
    this.press()
    persistence.now()
  }

  heat() {
    const { picture, captions, view } = this.explorer
    picture.heating = !picture.heating
    this.press()
    if (!picture.heating) captions.rule()
    picture.show(view)
  }

  dot() {
    const { plane, persistence } = this.explorer
    plane.dots = !plane.dots
    this.press()
    plane.paint()
    persistence.now()
  }

  /** Put the switches as they were kept. */
  restore({ soft, dots }) {
    const { picture, plane } = this.explorer
    picture.soft = soft !== false
    plane.dots = dots !== false
    this.press()
    plane.paint()
  }
}

// What is switched on and off: soft pixels, the heat map, the dots of the data.

import { state } from "./state.js"

export class Toggles {
  /** @param {import("./index.js").Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer
    this.stop = state.watch(["soft", "heating", "dots"], () => this.press())
  }

  /** Show the switches as they are, and what they switch. */
  press() {
    const { parts, picture, plane } = this.explorer
    const { soft, heating, dots } = state
    for (const [made, on] of /** @type {[HTMLElement, boolean][]} */ ([
      [parts.soft, soft],
      [parts.heating, heating],
      [parts.dots, dots],
    ]))
      made.setAttribute("aria-pressed", String(on))
    Object.assign(picture, { soft, heating })
    plane.dots = dots
    plane.paint()
  }

  soften() {
    state.soft = !state.soft
    this.explorer.persistence.now()
  }

  heat() {
    const { picture, captions, view } = this.explorer
    state.heating = !state.heating
    if (!state.heating) captions.rule()
    picture.show(view)
  }

  dot() {
    state.dots = !state.dots
    this.explorer.persistence.now()
  }
}

// What is done to the crop beside moving it: turns, mirror, negative, grey, and ways to frame.

import { button, element } from "./parts.js"
import { around, start } from "./crop.js"

export class Tools {
  /** `on.cropped(crop)` hears of another crop; `source()` gives what is shown. */
  constructor(host, source, on) {
    this.source = source
    this.on = on
    const turn = (quarters) => this.change(({ quarter }) => ({ quarter: (quarter + quarters) % 4 }))
    const toggle = (what) => this.change((crop) => ({ [what]: !crop[what] }))
    this.angle = element("input", {
      class: "zt-rec-range",
      type: "range",
      min: -45,
      max: 45,
      step: 0.5,
      "aria-label": "Fine angle of the crop, in degrees",
    })
    this.angle.addEventListener("input", () => this.change(() => ({ angle: Number(this.angle.value) })))
    this.degrees = element("output", { class: "zt-rec-value" })
    this.switches = {
      flip: button("Mirror", "Mirror the crop, left to right", () => toggle("flip"), true),
      invert: button(
        "Invert",
        "Make a negative: for dark figures on white paper, where a model knows white on black",
        () => toggle("invert"),
        true,
      ),
      grey: button("Grey", "Take the colours away", () => toggle("grey"), true),
    }
    host.replaceChildren(
      element(
        "div",
        { class: "zt-rec-line" },
        button("↺ 90°", "Turn the crop a quarter to the left", () => turn(3)),
        button("↻ 90°", "Turn the crop a quarter to the right", () => turn(1)),
        this.angle,
        this.degrees,
      ),
      element(
        "div",
        { class: "zt-rec-line" },
        ...Object.values(this.switches),
        button("Frame it", "Lay the box around what is drawn, with a margin", () => this.frame()),
        button("Whole", "Back to the whole picture, nothing turned", () => this.whole()),
      ),
    )
  }

  change(part) {
    const source = this.source()
    if (source) this.on.cropped({ ...source.crop, ...part(source.crop) })
  }

  frame() {
    const source = this.source()
    const crop = source && around(source, source.crop)
    if (crop) this.on.cropped(crop)
    else this.on.say("There is nothing to frame: the picture is of one colour.")
  }

  whole() {
    const source = this.source()
    if (source) this.on.cropped({ ...start(source.canvas, "all") })
  }

  paint({ crop }) {
    this.angle.value = crop.angle
    this.degrees.textContent = `${crop.angle.toFixed(1).replace("-", "−")}°`
    for (const [what, made] of Object.entries(this.switches)) made.setAttribute("aria-pressed", crop[what])
  }
}

// An upload: the server has decoded it already; what comes here is a clean PNG of our own making.

import { button, element } from "./parts.js"
import { lay, opened, sourceState } from "./sourceState.js"

const CHOOSER = '[data-testid="stFileUploader"] input[type=file]'

export class Upload {
  constructor(on) {
    this.on = on
    const choose = button(
      "Choose a picture…",
      "Bring a picture of your own; it stays on the machine that runs Zoetrope",
      () => /** @type {HTMLElement | null} */ (document.querySelector(CHOOSER))?.click(),
    )
    this.says = element(
      "p",
      { class: "zt-rec-says", role: "status" },
      "Or drop it on the strip at the top of the page.",
    )
    this.faces = element("div", { class: "zt-rec-line" })
    this.panel = element("div", {}, element("div", { class: "zt-rec-line" }, choose), this.says, this.faces)
  }

  /** Take what the server made of the newest file: a picture, or a sentence that leaves everything as it is. */
  async take(about, url) {
    if (!about || about.file === sourceState.upload) return
    sourceState.upload = about.file
    if (about.error) return this.on.refused(about.error)
    const canvas = await opened(url)
    if (about.file !== sourceState.upload) return // a newer one came meanwhile
    lay("upload", canvas, { title: about.name, notes: about.notes, faces: about.faces ?? [], query: {} })
    this.tell()
    this.on.laid()
  }

  tell() {
    const source = sourceState.sources.upload
    if (!source) return
    this.says.textContent = [`${source.title}, ${source.canvas.width} × ${source.canvas.height}`, ...source.notes].join(
      " · ",
    )
    const faces = source.faces ?? []
    const face = ({ x, y, side, angle = 0 }, i) =>
      button(
        faces.length > 1 ? `Face ${i + 1}` : "Frame the face",
        "Lay the box around this face, as it was found",
        () => this.on.cropped({ ...source.crop, x, y, side, angle }),
      )
    this.faces.replaceChildren(...faces.map(face))
  }
}

// The picture of which something is to be hidden.

import { context2d } from "../../pixels/canvas.js"
import { cut } from "../../source/crop.js"
import { PictureSource } from "../../source/pictureSource.js"
import { lay, sheet, shown, sourceState } from "../../source/sourceState.js"
import { completionState } from "./completionState.js"

export class Source extends PictureSource {
  /**
   * Lay the first picture on the desk: what an address asks for, what lay there before, else one that comes along and
   * is like the model's data.
   */
  begin({ data }, kept, asked) {
    if (asked) return this.follow(asked)
    if (sourceState.kind) return this.resume(kept)
    const { shelf } = this.sources.ways
    const first = shelf.all.find((each) => each.data === data) ?? shelf.all[0]
    if (!first) return this.sources.choose("draw")
    sourceState.kind = "shelf"
    this.sources.mark()
    shelf.choose(first.name)
  }

  /** What leads back to the picture in an address; undefined for a person's own. */
  get query() {
    return shown()?.query?.source
  }

  /** Take a drawing of the board as the picture. */
  adopt(image, title) {
    const canvas = sheet(image.width, image.height)
    context2d(canvas).putImageData(image, 0, 0)
    lay("sample", canvas, { fit: "all", title, query: {} })
    this.sources.mark()
    this.sources.ways.sample.says.textContent = `${title}.`
    this.laid()
  }

  /** The picture as a model sees it, bytes; black and white where it knows nothing else; null where there is none. */
  bytes({ shape, levels }) {
    const source = shown()
    if (!source) return null
    const bytes = cut(source, source.crop, shape)
    return levels === 2 ? bytes.map((byte) => (byte >= completionState.threshold ? 255 : 0)) : bytes
  }
}

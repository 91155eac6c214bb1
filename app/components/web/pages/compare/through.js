// The same picture through all: a bundled one, or the enlarged sample of a column, encoded and decoded by each.

import { telling } from "../../core/slot.js"
import { context2d } from "../../pixels/canvas.js"
import { decodedEach } from "../../pixels/sheet.js"
import { token } from "../../core/token.js"
import { element, picker } from "./parts.js"
import { view } from "./view.js"

export class Through {
  /** @type {string} the name of a picture that comes along, "" of a person's own */ name = ""
  /** @type {import("../../core/pictures.js").Picture | null} */ own = null

  /**
   * `columns()` gives the columns as they are, `laid()` hears that another picture is shown.
   *
   * @param {import("../../core/channel.js").Channel} channel
   */
  constructor(channel, { whole, body }, columns, laid) {
    this.columns = columns
    this.laid = laid
    this.source = null
    this.bundled = []
    this.title = ""
    this.whole = whole
    this.asks = channel.slot("through")
    this.shelf = picker("A picture that comes along", [], (name) => this.choose(name))
    this.shelf.dataset.testid = "through-picture"
    this.sample = picker("The enlarged sample of a column", [], (name) => this.sampled(name))
    this.sample.dataset.testid = "through-sample"
    this.says = element("p", { class: "zt-cmp-says", role: "status", "aria-live": "polite" })
    this.row = element("div", { class: "zt-cmp-row", "data-testid": "through-row" })
    body.replaceChildren(element("div", { class: "zt-cmp-line" }, this.shelf, this.sample), this.says, this.row)
    whole.addEventListener("toggle", () => {
      this.show()
      if (this.source) laid()
    })
  }

  offer(bundled) {
    if (bundled.length === this.bundled.length) return
    this.bundled = bundled
    this.shelf.replaceChildren(
      element("option", { value: "" }, "A picture that comes along…"),
      ...bundled.map(({ name, title }) => element("option", { value: name }, title)),
    )
  }

  columned() {
    this.sample.replaceChildren(
      element("option", { value: "" }, "The enlarged sample of…"),
      ...this.columns().map(({ name, title }) => element("option", { value: name }, `${title} (${name})`)),
    )
    this.show()
  }

  async choose(name) {
    const chosen = this.bundled.find((each) => each.name === name)
    if (!chosen) return
    const image = new Image()
    image.src = chosen.url
    await image.decode()
    this.sample.value = ""
    const width = image.naturalWidth / chosen.of
    const cut = await createImageBitmap(image, chosen.at * width, 0, width, image.naturalHeight)
    this.lay(cut, chosen.title, name)
  }

  sampled(name) {
    const column = this.columns().find((each) => each.name === name)
    const canvas = column?.wall.picture()
    if (!canvas) return
    this.shelf.value = ""
    this.lay(canvas, `Enlarged sample of ${column.title}`)
  }

  /** Show a picture: `name` is that of one that comes along, `kept` what is known of one that was kept. */
  lay(source, title, name = "", kept = /** @type {import("../../core/pictures.js").Picture["kept"]} */ (undefined)) {
    Object.assign(this, { source, title, name, own: name ? null : { canvas: source, title, kept } })
    this.show()
    this.laid()
  }

  /** Have the state hold the picture, so that it is kept. */
  keep(kept) {
    const { source, whole, name, own, title } = this
    if (!source) return
    const picture = own ? kept.name(own) : undefined
    view.through = name || picture ? { open: whole.open, name, picture, title } : null
  }

  /** Bring back the picture that was kept. */
  async restore({ open, name, picture, title }, kept) {
    const canvas = picture ? await kept.load(picture, title) : null
    if (this.source) return
    this.whole.open = open
    this.shelf.value = name
    if (name) await this.choose(name)
    else if (canvas) this.lay(canvas, title, "", { name: picture, token: token.before })
  }

  /** Send the picture, in each model's own shape, to all that encode. */
  show() {
    this.asks.drop()
    if (!this.whole.open) return
    if (!this.source)
      return (this.says.textContent = "Choose a picture: every model that encodes makes it again from its own latents.")
    const able = this.columns().filter(({ card }) => card?.encodes && card.decodes)
    const unable = this.columns().filter(({ card }) => !card?.encodes)
    this.says.textContent =
      `${this.title}, resized to each model's own shape. Posterior mean, decoded. The figure is the mean ` +
      "squared error of a pixel in [0, 1]."
    const none = unable.map(({ title }) =>
      tile(title, null, "has no encoder; Reconstruct looks for its latents by descent"),
    )
    const given = tile("Given", this.source, "")
    this.row.replaceChildren(given, ...able.map(({ title }) => tile(title, null, "is asked…")), ...none)
    delete this.row.dataset.shown
    if (!able.length) return
    const asked = able.map((column) => ({ column, seen: fitted(this.source, column.card.shape) }))
    const operations = asked.map(({ column, seen }) => ({
      operation: { verb: "reconstruct", model: column.name, rows: 1, columns: 1, terms: false },
      rows: [seen],
    }))
    this.asks
      .askAll(operations, decodedEach)
      .then((answer) => this.take(answer, asked, given, none))
      .catch(telling((sentence) => (this.says.textContent = sentence)))
  }

  take({ results, made }, asked, given, none) {
    const tiles = asked.map(({ column, seen }, i) => {
      if (!made[i]) return tile(column.title, null, results[i].error)
      const [image] = made[i]
      const far = Number(error(seen, image, column.card.shape).toPrecision(3))
      return tile(column.title, drawn(image), `error ${far}`)
    })
    this.row.replaceChildren(given, ...tiles, ...none)
    this.row.dataset.shown = results.length
  }
}

function tile(title, source, text) {
  const canvas = element("canvas", { width: 168, height: 168, role: "img", "aria-label": title })
  const context = context2d(canvas)
  context.imageSmoothingEnabled = false
  if (source) {
    const scale = Math.min(168 / source.width, 168 / source.height)
    const [width, height] = [source.width * scale, source.height * scale]
    context.drawImage(source, (168 - width) / 2, (168 - height) / 2, width, height)
  }
  return element("figure", {}, canvas, element("figcaption", {}, element("b", {}, title), " ", text))
}

function drawn(image) {
  const canvas = new OffscreenCanvas(image.width, image.height)
  context2d(canvas).putImageData(image, 0, 0)
  return canvas
}

/** A drawable as uint8 in a model's shape (channel, height, width), whole, on black. */
function fitted(source, [channels, height, width]) {
  const canvas = new OffscreenCanvas(width, height)
  const context = context2d(canvas)
  context.fillStyle = "#000"
  context.fillRect(0, 0, width, height)
  const scale = Math.min(width / source.width, height / source.height)
  context.imageSmoothingQuality = "high"
  context.drawImage(
    source,
    (width - source.width * scale) / 2,
    (height - source.height * scale) / 2,
    source.width * scale,
    source.height * scale,
  )
  const { data } = context.getImageData(0, 0, width, height)
  const bytes = new Uint8Array(width * height * channels)
  for (let i = 0; i < width * height; i++) {
    if (channels === 3) bytes.set(data.subarray(4 * i, 4 * i + 3), 3 * i)
    else bytes[i] = Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2])
  }
  return bytes
}

function error(seen, image, [channels]) {
  let sum = 0
  for (let i = 0; i < seen.length; i++) {
    const at = channels === 3 ? 4 * Math.floor(i / 3) + (i % 3) : 4 * i
    sum += ((seen[i] - image.data[at]) / 255) ** 2
  }
  return sum / seen.length
}

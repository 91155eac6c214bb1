// Complete: wires drawing, player, brush and what is laid over the picture together. Streamlit calls the default export
// at each run.

import { Page } from "../../core/page.js"
import { element, settle } from "../../ui/element.js"
import { KeptPictures } from "../../core/pictures.js"
import { mounting } from "../../core/mount.js"
import * as sourceSaving from "../../source/saving.js"
import { Board } from "../../pixels/board.js"
import { Brush } from "./brush.js"
import { Chances } from "./chances.js"
import { Drawing } from "../../latent/drawing.js"
import { SEEDS, SPEEDS, completionState, mask, packed, preset, unpack } from "./completionState.js"
import { Fillings } from "./fillings.js"
import { KEYS } from "./keys.js"
import { layout } from "./layout.js"
import { Player } from "./player.js"
import { ReceptiveField, place } from "./receptiveField.js"
import { Rival } from "./rival.js"
import { Source } from "./source.js"
import { Surprise } from "./surprise.js"
import { wire } from "./wiring.js"

const REST = 250 // milliseconds after a change of picture or mask at which it is drawn anew

export default mounting("complete", (...given) => new Complete(...given))

export class Complete extends Page {
  /** @type {any[]} */ models
  /** @type {Drawing} */ drawing
  samplers = []

  constructor(root, page) {
    super(root, page, { name: "complete", keys: KEYS, state: completionState })
    this.card = null
    this.chosen = 0
    this.parts = layout(this)
    const { parts } = this
    this.pictures = new KeptPictures(page, { changed: () => this.persistence.now(), say: this.say })
    this.board = new Board(parts.canvas)
    this.chart = new Chances(parts.chart)
    this.player = new Player(this.channel, { shown: () => this.shown(), state: () => this.state(), trouble: this.say })
    this.fillings = new Fillings(parts.fillings, { chosen: (i) => this.choose(i) })
    this.source = new Source(this.channel, parts.pictureSource, {
      changed: (source) => source && this.brought(),
      say: this.say,
    })
    const painted = () => this.paint()
    this.receptiveField = new ReceptiveField(this.channel, parts, { painted })
    this.surprise = new Surprise(this.channel, parts, { painted, picture: () => this.picture() })
    this.rival = new Rival(this.channel, parts)
    const pointed = (pixel) => this.point(pixel)
    this.brush = new Brush(this.board, {
      begun: () => this.player.pause(),
      changed: () => this.masked(),
      ended: () => this.renew(),
      pointed,
      paints: () => completionState.way === "fill",
    })
    this.renewed = settle(() => this.renew(), REST)
    wire(this)
    this.resizing.observe(parts.box)
  }

  // Streamlit

  update({ data, setStateValue }) {
    completionState.send = setStateValue
    const first = !this.models
    Object.assign(this, { models: data.models, samplers: data.samplers })
    const news = completionState.news(data.asked)
    if (news) this.follow(data.asked)
    this.source.offer(data.samplers, data)
    if (news) this.asked = sourceSaving.asked(completionState.source)
    if (news && this.begun && this.asked) this.source.follow(this.asked)
    if (!first) return
    this.fill()
    this.open(completionState.model)
    this.persistence.load()
  }

  /** Take over what an address asks for. */
  follow(asked) {
    const shown = () => JSON.stringify(["model", "seed", "y", "way"].map((name) => completionState[name]))
    const before = shown()
    completionState.take(asked)
    this.label(completionState.model, completionState.y)
    if (asked.notices.length) this.say(asked.notices.join(" "), 12000)
    if (this.card && shown() !== before) this.open(completionState.model)
  }

  /** Back or Forward has entered an entry of another model. */
  back(_, snapshot) {
    if (!completionState.leads(snapshot) || !this.models.some(({ name }) => name === snapshot.model)) return
    completionState.enter(snapshot)
    this.label(snapshot.model, snapshot.y)
    this.open(snapshot.model)
  }

  /** Have the address follow, at an entry of its own where the model is another. */
  tell() {
    const source = completionState.way === "fill" ? this.source.query : ""
    completionState.set({ y: this.y, source: source ?? "" })
    completionState.write()
  }

  // What is drawn

  /** Tell a model a class, by its place; a model that knows none leaves the others theirs. */
  label(name, y) {
    const { classes } = this.models.find((model) => model.name === name)
    if (classes.length) completionState.label = classes[y] ?? null
  }

  /** The class that the model is told; null where it is told none, or knows none of that name. */
  get y() {
    const at = this.card.classes.indexOf(completionState.label)
    return at < 0 ? null : at
  }

  open(name) {
    this.card = this.models.find((model) => model.name === name) ?? this.models[0]
    const { card } = this
    completionState.model = card.name
    this.brush.card = card
    this.brush.cursor = null
    this.receptiveField.open(card, this.models)
    this.rival.open(card, this.samplers)
    this.parts.text.textContent = this.parts.text.title = [card.text, card.trained].filter(Boolean).join(" ")
    this.press()
    this.renew()
    this.rival.draw(completionState.seed, this.y)
  }

  /** Begin anew: other hidden pixels, another picture, seed, class or model. */
  renew() {
    const { card } = this
    if (!card) return
    const [channels, height, width] = card.shape
    const filling = completionState.way === "fill"
    const base = (filling && this.source.bytes(card)) || new Uint8Array(height * width * channels)
    const hidden = filling ? mask(card.shape).slice() : preset("all", height, width)
    const seeds = Array.from(
      { length: filling ? completionState.count : 1 },
      (_, i) => (completionState.seed + i) % SEEDS,
    )
    this.chosen = Math.min(this.chosen, seeds.length - 1)
    this.drawing = new Drawing(card, base, hidden, seeds, this.y)
    this.fillings.open(this.drawing, this.chosen)
    this.seeded()
    this.parts.scrub.max = this.drawing.total
    this.resize()
    this.player.open(this.drawing)
    this.surprise.changed(true)
    this.shown()
    this.persistence.soon()
  }

  /** Play or pause; what was to be drawn anew in a moment is so at once, or it would stop what begins to play. */
  play() {
    this.renewed.flush()
    this.player.toggle()
  }

  /** Another picture lies on the desk. */
  brought() {
    this.persistence.soon()
    if (!this.card || completionState.way !== "fill") return
    this.player.pause()
    this.renewed()
    this.tell()
  }

  /** The mask is being changed: show it, and draw once the hand rests. */
  masked() {
    const { drawing, card } = this
    drawing.hidden = mask(card.shape)
    drawing.at = 0
    this.surprise.changed(true)
    this.receptiveField.changed(this.picture())
    this.paint()
    this.fillings.paint(drawing)
  }

  choose(i) {
    this.chosen = i
    this.fillings.mark(i)
    this.seeded()
    this.surprise.changed(true)
    this.shown()
  }

  /** The picture on the board, as far as it is drawn. */
  picture() {
    const { drawing, chosen, card } = this
    const clear = [...drawing.hidden].findIndex((hidden, pixel) => hidden && pixel >= drawing.at)
    return { bytes: drawing.pictures[chosen], y: drawing.y, at: clear < 0 ? drawing.size : clear, card }
  }

  // What is shown

  /** Another pixel is shown, or known. */
  shown() {
    const { drawing, parts, player } = this
    if (!drawing) return
    const { shown, total } = drawing
    parts.scrub.value = shown
    parts.scrub.style.setProperty("--part", total ? shown / total : 0)
    const waiting = !player.playing && player.goal > shown ? " Drawing on…" : ""
    parts.where.textContent = total
      ? `${shown} of ${total} ${completionState.way === "fill" ? "hidden " : ""}pixels are drawn.${waiting}`
      : "Nothing is hidden: hide a region, with the brush or at once."
    Object.assign(this.root.dataset, { shown, total, known: drawing.ready })
    this.fillings.paint(drawing)
    this.tellChances()
    this.surprise.changed()
    this.receptiveField.changed(this.picture())
    this.rival.tell(drawing)
    this.paint()
  }

  tellChances() {
    const { drawing, chart, chosen, card } = this
    const { current } = drawing
    if (current === undefined)
      return chart.blank(
        "No pixel is drawn yet. Each is thrown from a distribution given all before it, and here it will be.",
      )
    const { values, chances } = drawing.told(current, chosen)
    if (chances) chart.show(`Pixel at ${place(current, card.shape)}`, values, chances)
    else chart.blank("Of several pictures at a time the chances are not sent. Choose one filling to see them.")
  }

  paint() {
    const { drawing, board, card, chosen, brush } = this
    if (!drawing) return
    const veiled = (pixel) => drawing.hidden[pixel] && pixel >= drawing.at
    const marks = []
    const next = drawing.order[drawing.shown]
    if (drawing.current !== undefined && !drawing.done) marks.push({ pixel: drawing.current, colour: "#fff" })
    if (next !== undefined) marks.push({ pixel: next, colour: "#ffd43b", dashed: true })
    if (completionState.reach && this.receptiveField.seen)
      marks.push({ pixel: this.receptiveField.seen.pixel, colour: "#4dd0e1" })
    if (brush.cursor !== null)
      marks.push({
        pixel: brush.cursor,
        colour: "#fff",
        dashed: true,
        size: completionState.way === "fill" ? 1 + 2 * completionState.brush.radius : 1,
      })
    board.paint(
      drawing.pictures[chosen],
      card.shape,
      veiled,
      (pixel) => this.receptiveField.over(pixel) ?? this.surprise.over(pixel),
      marks,
    )
  }

  /** A pointer or the cursor is over a pixel of the board, or over none. */
  point(pixel) {
    if (pixel !== null && completionState.reach && pixel !== this.pointed)
      this.receptiveField.look(pixel, this.drawing.pictures[this.chosen], this.drawing.y)
    this.pointed = pixel
    if (this.brush.cursor !== null || pixel === null) this.paint()
  }

  state() {
    const { playing } = this.player
    const words = completionState.way === "fill" ? "Fill" : "Play"
    this.parts.play.textContent = playing ? "Pause" : words
    this.root.dataset.playing = String(playing)
  }

  // Controls

  /** Fill in what does not change with the drawing. */
  fill() {
    const { parts } = this
    parts.model.replaceChildren(
      ...this.models.map(({ name, title }) =>
        element("option", { value: name, selected: name === completionState.model }, title),
      ),
    )
  }

  /** Show the values of all controls as they are. */
  press() {
    const { parts, card } = this
    const filling = completionState.way === "fill"
    parts.model.value = card.name
    this.seeded()
    parts.count.value = completionState.count
    parts.size.value = completionState.brush.radius
    parts.pace.value = completionState.speed
    parts.threshold.value = completionState.threshold
    const speed = SPEEDS[completionState.speed]
    parts.speed.textContent = speed === Infinity ? "full" : `${speed} a second`
    for (const way of parts.ways) way.setAttribute("aria-pressed", way.dataset.way === completionState.way)
    parts.erase.setAttribute("aria-pressed", completionState.brush.erase)
    parts.seeing.setAttribute("aria-pressed", completionState.reach)
    parts.surprising.setAttribute("aria-pressed", completionState.surprise)
    parts.reach.hidden = !completionState.reach
    parts.surpriseSays.hidden = !completionState.surprise
    parts.fillSection.hidden = !filling
    parts.hide.hidden = filling
    parts.binary.hidden = card.levels !== 2
    this.root.classList.toggle("zt-cpl-filling-way", filling)
    this.classed()
    this.state()
  }

  /** Show the seed of the picture on the board; none where nothing of it is drawn. */
  seeded() {
    const { drawing, chosen, parts } = this
    parts.seed.value = drawing?.total ? drawing.seeds[chosen] : ""
  }

  classed() {
    const { parts, card } = this
    parts.classes.hidden = !card.classes.length
    if (parts.classes.dataset.model !== card.name) {
      const chip = (name, y) =>
        element(
          "button",
          {
            type: "button",
            class: "zt-chip",
            title: y === null ? "The model is not told what it draws" : `Tell the model: ${name}`,
            onclick: () => this.set({ y }),
          },
          name,
        )
      parts.classes.replaceChildren(chip("any", null), ...card.classes.map(chip))
      parts.classes.dataset.model = card.name
    }
    ;[...parts.classes.children].forEach((each, i) => each.setAttribute("aria-pressed", (this.y ?? -1) === i - 1))
  }

  /**
   * Take a seed, a class or a way to begin, and begin anew.
   *
   * @param {{seed?: number, y?: number | null, way?: string, count?: number}} part
   */
  set({ y, ...part }) {
    Object.assign(completionState, part)
    if (y !== undefined) this.label(this.card.name, y)
    if ("seed" in part) this.chosen = 0
    this.press()
    this.renew()
    if ("seed" in part || y !== undefined) this.rival.draw(completionState.seed, this.y)
    this.tell()
  }

  pick(name) {
    this.open(name)
    this.tell()
  }

  /** Take the picture on the board, to hide a part of it. */
  adopt() {
    const { drawing, card } = this
    const [channels, height, width] = card.shape
    const image = new ImageData(width, height)
    const bytes = drawing.pictures[this.chosen]
    for (let pixel = 0; pixel < height * width; pixel++) {
      for (let c = 0; c < 3; c++) image.data[4 * pixel + c] = bytes[pixel * channels + (channels === 3 ? c : 0)]
      image.data[4 * pixel + 3] = 255
    }
    completionState.way = "fill"
    this.source.adopt(image, `Drawn by ${card.title}, seed ${drawing.seeds[this.chosen]}`)
    this.set({ way: "fill" })
  }

  resize() {
    const { parts, card, board } = this
    if (!card || !parts.box.clientWidth) return
    const [, height, width] = card.shape
    board.fit(card.shape, Math.min(parts.box.clientHeight, (parts.box.clientWidth * Math.max(height, width)) / width))
    this.paint()
  }

  // What is kept

  compose() {
    return { ...sourceSaving.composed(this.pictures), complete: packed() }
  }

  async restore(body) {
    await sourceSaving.restore(body?.desk, this.pictures)
    this.source.begin(this.card, body?.desk, this.asked)
    this.begun = true
    const kept = body?.complete
    if (!kept || completionState.loaded) return
    completionState.loaded = true
    unpack(kept, this.say)
    this.receptiveField.open(this.card, this.models)
    this.rival.open(this.card, this.samplers)
    this.press()
    this.renew()
  }

  again() {
    if (!this.drawing) return
    this.source.again()
    this.player.again()
    this.receptiveField.again()
    this.rival.draw(completionState.seed, this.y)
  }

  close() {
    this.persistence.now()
    this.player.close()
    this.renewed.cancel()
    this.surprise.close()
    this.receptiveField.close()
    this.source.close()
    super.close()
  }
}

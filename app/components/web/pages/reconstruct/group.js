// The models that know one kind of picture, in one row: what they saw first, then what each makes of it.

import { telling } from "../../core/slot.js"
import { decodedEach } from "../../pixels/sheet.js"
import { cut } from "../../source/crop.js"
import { compare, image } from "../../pixels/measure.js"
import { button, element } from "../../source/parts.js"
import { Search } from "./search.js"
import { frame, Tile } from "./tile.js"
import { shown } from "../../source/sourceState.js"
import { state } from "./state.js"

const LATE = 250 // milliseconds after which a row that follows a hand is marked as behind it
const CLOSER = 0.5 // the negative is suggested where it brings the models so much closer

export class Group {
  /** @type {Uint8Array} */ seen
  /** @type {HTMLElement} */ saw
  /** @type {HTMLElement} */ hint
  /** @type {import("../../pixels/sheet.js").Screen} */ sight

  /** @param {import("../../core/channel.js").Channel} channel */
  constructor(kind, cards, channel, on) {
    this.kind = kind
    this.cards = cards
    this.on = on
    this.near = true
    this.asked = 0
    this.frames = 0
    this.version = 0
    this.drawn = 0
    this.late = /** @type {number | undefined} */ (undefined)
    this.times = /** @type {number[]} */ ([])
    this.shape = cards[0].shape
    this.judge = cards[0].judge
    this.encoders = cards.filter(({ encodes }) => encodes)
    this.tiles = new Map(this.encoders.map((card) => [card.name, this.tile(card)]))
    this.parts = this.encoders.flatMap((card) =>
      levelsOf(card).map((level) => ({ card, ...level, tile: new Tile(card, level.way, on, level.part) })),
    )
    this.searches = cards
      .filter(({ encodes }) => !encodes)
      .map((card) => new Search(card, channel, { ...on, found: () => this.ask() }))
    const slot = (name) => channel.slot(`${name}-${kind}`)
    // Two requests at a time: while one picture is painted the next is already reconstructed.
    this.lanes = [slot("row"), slot("row-too")]
    this.levels = slot("levels")
    this.judges = slot("judge")
    this.negatives = slot("negative")
    this.failed = telling((sentence) => this.trouble(sentence))
    this.element = this.build()
  }

  tile(card) {
    const levels = Object.keys(card.levels)
    const made = new Tile(card, levels.length > 1 ? `from ${levels.join(" and ")}` : card.family, this.on)
    if (card.classes.length) made.askClass(() => this.on.changed())
    return made
  }

  build() {
    const [channels, height, width] = this.shape
    this.sight = frame(this.shape, `The crop as the models of ${this.kind} see it`)
    const middle = height === width ? "" : "; of the box its middle"
    this.hint = element("p", { class: "zt-rec-suggest", role: "status" })
    const seen = (this.saw = element(
      "article",
      { class: "zt-rec-tile zt-rec-sight" },
      element(
        "header",
        {},
        element("h4", {}, "What they saw"),
        element("p", {}, `${width} × ${height}, ${channels === 1 ? "grey" : "colour"}${middle}`),
      ),
      element("div", { class: "zt-rec-picture" }, this.sight.canvas),
      this.hint,
    ))
    const row = element("div", { class: "zt-rec-row" }, seen)
    for (const card of this.encoders)
      row.append(
        this.tiles.get(card.name).element,
        ...this.parts.filter((part) => part.card === card).map(({ tile }) => tile.element),
      )
    row.append(...this.searches.map(({ tile }) => tile.element))
    return element(
      "section",
      {
        class: "zt-rec-group",
        "data-kind": this.kind,
        "data-asked": 0,
        "data-drawn": 0,
        "data-frames": 0,
        "aria-label": `Models of ${this.kind}`,
      },
      element("h3", {}, `Models of ${this.kind}`),
      row,
    )
  }

  /** What is encoded at once; a search goes its own way. */
  get encoded() {
    return [...this.tiles.values(), ...this.parts.map(({ tile }) => tile)]
  }

  get all() {
    return [...this.encoded, ...this.searches.map(({ tile }) => tile)]
  }

  // Asking

  /** Have the present crop reconstructed; `settled` once the hand rests, which is the time for what takes longer. */
  show(version, settled) {
    const source = shown()
    this.element.dataset.asked = this.version = version
    this.seen = cut(source, source.crop, this.shape)
    if (this.rate)
      this.late ??= setTimeout(() => this.wait(), LATE) // what they saw is drawn with what they make of it
    else this.wait()
    this.searches.forEach((search) => search.aim(this.seen, settled))
    this.encoders.forEach(({ name }) => this.tiles.get(name).element.classList.add("zt-rec-asked"))
    if (this.encoders.length) return this.reconstruct({ seen: this.seen, version, settled })
    this.paint(this.seen)
    this.finished(version)
  }

  /** Show what they are to see; what they made is of an earlier picture until their answer comes. */
  wait() {
    this.late = undefined
    this.paint(this.seen)
    this.encoded.forEach((tile) => tile.wait())
  }

  /**
   * Another picture lies on the desk, or none: no figure of the one before stays, and none that is on its way comes.
   */
  clear() {
    clearTimeout(this.late)
    Object.assign(this, { late: undefined, drawn: this.version, times: [] })
    for (const slot of [...this.lanes, this.levels, this.judges, this.negatives]) slot.drop()
    this.saw.classList.add("zt-rec-stale")
    this.hint.replaceChildren()
    this.encoded.forEach((tile) => tile.clear())
    this.searches.forEach((search) => search.aim(null, false))
  }

  paint(bytes) {
    this.saw.classList.remove("zt-rec-stale")
    this.sight.soft = state.soft
    this.sight.draw(image(bytes, this.shape))
  }

  /** The line that is free, else the one whose waiting request is older than this. */
  get lane() {
    const free = this.lanes.find(({ flying }) => !flying)
    return free ?? this.lanes.find(({ waiting }) => waiting) ?? this.lanes[0]
  }

  /** Without `terms` rate and distortion, which take a pass more, are left out. */
  operations(bytes, terms) {
    const { drawn, seed } = state
    const operation = ({ name, classes }) => ({
      verb: "reconstruct",
      model: name,
      rows: 1,
      seed: drawn ? seed : undefined,
      terms,
      y: classes.length ? state.classes[name] : undefined,
    })
    return this.encoders.map((card) => ({ operation: operation(card), rows: bytes }))
  }

  reconstruct(note) {
    this.lane
      .askAll(this.operations(note.seen, note.settled), decodedEach)
      .then((answer) => this.take(answer, note))
      .catch(this.failed)
  }

  take({ results, ms, made }, note) {
    const seen = image(note.seen, this.shape)
    if (note.version <= this.drawn) return
    this.paint(note.seen)
    results.forEach((result, i) => this.draw(this.tiles.get(result.model), result, made[i]?.[0], seen, result.ms ?? ms))
    this.drawn = note.version
    this.count()
    this.behind(note.version)
    this.askLevels(results, note)
    if (!note.settled) return
    this.finished(note.version)
    if (!this.parts.length) this.ask()
    if (this.shape[0] === 1) this.askNegative(note)
  }

  /**
   * An answer has come: where a newer one is awaited, it is of an earlier picture, at once or if the hand's is late.
   */
  behind(version) {
    clearTimeout(this.late)
    this.late = undefined
    if (version === this.version) return
    if (this.rate) this.late = setTimeout(() => this.wait(), LATE)
    else this.wait()
  }

  draw(tile, result, made, seen, ms) {
    if (result.error) return tile.trouble(result.error)
    tile.show(made, seen, result.z, {
      ms,
      terms: termsOf(result),
      y: result.y?.[0] ?? state.classes[result.model],
      strange: {
        drawn: result.drawn,
        strangeness: result.strangeness?.[0],
        texture: result.texture?.[0],
        turned: result.turned?.[0],
      },
    })
    tile.element.classList.toggle("zt-rec-drawn", result.drawn === true)
  }

  /** Once more from the upper levels alone: the noise of the lower ones is nought. */
  askLevels(results, note) {
    const asked = this.parts.flatMap(({ card, from }) => {
      const result = results.find(({ model, error }) => model === card.name && !error)
      if (!result) return []
      const y = card.classes.length ? (result.y?.[0] ?? state.classes[card.name]) : undefined
      return [
        {
          operation: { verb: "decode", model: card.name, rows: 1, y },
          rows: result.z.slice().fill(0, from),
          drawn: result.drawn,
        },
      ]
    })
    if (!asked.length) return
    this.levels
      .askAll(asked, decodedEach)
      .then((answer) => this.takeLevels(answer, asked, note))
      .catch(telling())
  }

  takeLevels({ results, ms, made }, asked, note) {
    const seen = image(note.seen, this.shape)
    if (note.version < this.drawn || !shown()) return
    results.forEach((result, i) =>
      this.draw(
        this.parts[i].tile,
        { ...result, z: asked[i].rows, drawn: asked[i].drawn },
        made[i]?.[0],
        seen,
        result.ms ?? ms,
      ),
    )
    if (note.settled) this.ask()
  }

  // What takes longer

  /** Have our classifier compare what is shown with what was seen. */
  ask() {
    const tiles = this.all.filter(({ made }) => made)
    if (!this.judge || !tiles.length) return
    const [channels] = this.shape
    const bytes = (picture) => picture.data.filter((_, at) => (channels === 3 ? at % 4 < 3 : at % 4 === 0))
    const rows = [...tiles.map(({ seen }) => bytes(seen)), ...tiles.map(({ made }) => bytes(made))]
    const asked = tiles.map((tile) => ({ tile, made: tile.made }))
    this.judges
      .ask({ verb: "distance", model: this.judge, rows: tiles.length }, rows)
      .then(({ results: [result] }) => this.judged(new Float32Array(result.payload), asked))
      .catch(telling())
  }

  judged(distances, asked) {
    asked.forEach(({ tile, made }, i) => tile.made === made && tile.judged(distances[i]))
  }

  askNegative(note) {
    const inverted = note.seen.map((byte) => 255 - byte)
    this.negatives
      .askAll(this.operations(inverted, false), decodedEach)
      .then((answer) => this.negative(answer, image(inverted, this.shape), note))
      .catch(telling())
  }

  /** Suggest the negative where it comes much closer; nobody's picture is inverted without being told. */
  negative({ results, made }, seen, note) {
    const logs = results.flatMap(({ model }, i) =>
      made[i] ? [Math.log(compare(seen, made[i][0]).error / this.tiles.get(model).error)] : [],
    )
    const ratio = Math.exp(logs.reduce((sum, log) => sum + log, 0) / Math.max(1, logs.length))
    if (note.version !== this.version || !shown()) return
    const inverted = shown().crop.invert
    const times = ratio < 0.01 ? "over 100" : (1 / ratio).toFixed(0)
    const words = inverted ? "Not inverted" : "Inverted"
    const act = button(inverted ? "Do not invert" : "Invert", "", () => this.on.invert())
    this.hint.replaceChildren(...(ratio < CLOSER ? [`${words}, this picture comes ${times} times closer. `, act] : []))
  }

  // How it goes

  count() {
    this.element.dataset.frames = ++this.frames
    const now = performance.now()
    this.times = [...this.times.filter((time) => now - time < 1000), now]
  }

  /** Rows a second; 0 where nothing moves. */
  get rate() {
    const [first, last, count] = [this.times[0], this.times[this.times.length - 1], this.times.length]
    return count < 3 || performance.now() - last > 400 ? 0 : (1000 * (count - 1)) / (last - first)
  }

  finished(version) {
    this.element.dataset.drawn = version
    this.on.finished(version)
  }

  trouble(sentence) {
    for (const tile of this.tiles.values()) tile.trouble(sentence)
  }

  switched() {
    this.all.forEach((tile) => tile.switched())
    this.sight.soft = state.soft
    this.sight.redraw()
  }

  stop() {
    this.searches.forEach((search) => search.stop())
  }
}

/** For a model with levels: the ways to decode from the upper ones alone. */
function levelsOf({ levels }) {
  const names = Object.keys(levels)
  return names.slice(0, -1).map((name, i) => {
    const [upper, alone] = [names.slice(0, i + 1), i ? "" : " alone"]
    return {
      from: levels[names[i + 1]][0],
      way: `from ${upper.join(" and ")}${alone}`,
      part: `, ${upper.join(" + ")}${alone}`,
    }
  })
}

/** The terms of a bound; none where they were not asked for, or one is not finite. */
function termsOf({ rate, distortion, rate_error, distortion_error, elbo_error }) {
  if (distortion?.[0] == null || rate[0] === null) return null
  return {
    rate: rate[0],
    distortion: distortion[0],
    errors: { rate: rate_error[0], distortion: distortion_error[0], elbo: elbo_error[0] },
  }
}

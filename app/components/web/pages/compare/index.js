// Compare: models as columns, everything in lock-step. Streamlit calls the default export at each data change.

import { Page } from "../../core/page.js"
import { settle } from "../../ui/element.js"
import { copy, linkTo } from "../../core/share.js"
import { KeptPictures } from "../../core/pictures.js"
import { mounting } from "../../core/mount.js"
import { Bar } from "./bar.js"
import { Blind } from "./blind.js"
import { Column } from "./column.js"
import { Figures } from "./figures.js"
import { button, element, layout } from "./parts.js"
import { KEYS } from "./keys.js"
import { picture, save } from "./saving.js"
import { Through } from "./through.js"
import { Toys } from "./toys.js"
import { classesOf, seeds, view } from "./view.js"
import { Walls } from "./walls.js"

const REST = 400 // milliseconds without a change after which the address follows

const named = (cards) => cards.map(({ title }) => `“${title}”`).join(" and ")

export default mounting("compare", (...given) => new Compare(...given))

class Compare extends Page {
  constructor(root, page) {
    super(root, page, { name: "compare", keys: KEYS, state: view })
    this.due = false
    this.models = []
    this.columns = []
    this.taken = 0
    const parts = (this.parts = layout(this))
    this.walls = new Walls(this.channel, { drawn: (spent, turn) => this.drawn(spent, turn) })
    this.bar = new Bar(parts.bar, {
      say: this.say,
      add: (name) => (view.models = [...view.models, name]),
      blind: (kind) => this.riddle(kind),
      png: () => this.png(),
      link: () => this.link(),
    })
    this.blind = new Blind(this.channel, parts.blind, {
      begun: (columns) => this.hide(columns),
      opened: (...told) => this.reveal(...told),
      over: () => this.unhide(),
      say: this.say,
    })
    this.pictures = new KeptPictures(page, { changed: () => this.persistence.now(), say: this.say })
    this.through = new Through(
      this.channel,
      parts.through,
      () => this.columns,
      () => this.persistence.now(),
    )
    this.toys = new Toys(this.channel, parts.toys)
    this.figures = new Figures(parts.table)
    this.settle = settle(() => this.write(), REST)
    this.listen(this.keys())
    this.watches = []
  }

  keys() {
    const single = (real) => () =>
      this.blind.kind === "single" && this.blind.round ? this.blind.judge(real) : real && this.bar.resample()
    return {
      r: single(true),
      m: single(false),
      b: () => this.blind.round || this.riddle("models"),
      n: () => this.blind.round && this.blind.begin(this.blind.kind, this.blind.models),
      p: () => this.bar.toggleSoft(),
      "+": () => this.bar.zoom(-1),
      "=": () => this.bar.zoom(-1),
      "-": () => this.bar.zoom(1),
      Escape: () => this.blind.round && this.blind.end(),
    }
  }

  // Streamlit

  update({ data, setStateValue }) {
    view.send = setStateValue
    const first = !this.models.length
    this.models = data.models
    this.through.offer(data.bundled)
    if (view.news(data.asked)) this.follow(data.asked)
    this.charted = data.charts
    if (first) this.begin()
    else this.settle()
  }

  /** Take over what an address asks for. */
  follow(asked) {
    if (this.blind.round) this.blind.end()
    view.take(asked)
    if (asked.notices.length) this.toasts.say(asked.notices.join(" "), 12000)
  }

  begin() {
    this.watches = [
      view.watch(["models"], () => this.blind.round || this.rebuild()),
      view.watch(["seed", "n", "t", "y", "soft"], () => this.changed()),
    ]
    this.persistence.load()
  }

  write() {
    const { latency } = this.figures
    const known = this.charted ? [...latency.keys()].join() : "" // what only charts show is told where they are open
    if (!this.blind.round) view.write({ latency: Object.fromEntries(latency) }, known)
  }

  // Columns

  get cards() {
    return view.models.map((name) => this.models.find((card) => card.name === name)).filter(Boolean)
  }

  remove(name) {
    view.models = view.models.filter((each) => each !== name)
    this.bar.add.focus()
  }

  move(name, step) {
    const at = view.models.indexOf(name)
    const to = at + step
    if (to < 0 || to >= view.models.length) return
    const moved = [...view.models]
    moved.splice(to, 0, ...moved.splice(at, 1))
    view.models = moved
    this.columns[to].element.querySelector(`[data-act=${step < 0 ? "left" : "right"}]`).focus()
  }

  /** Set up the columns anew, with their names; those that stay keep what they show. */
  rebuild() {
    const on = {
      cell: (i) => this.point(i),
      move: (name, step) => this.move(name, step),
      remove: (name) => this.remove(name),
    }
    const old = new Map(this.columns.filter(({ card }) => card).map((column) => [column.name, column]))
    this.columns = this.cards.map((card) => old.get(card.name) ?? new Column(card.name, card.title, card, on))
    this.lay()
    this.figures.show(this.cards)
    this.through.columned()
    this.changed()
  }

  lay() {
    const { columns, through, table } = this.parts
    const blind = Boolean(this.blind.round)
    through.whole.hidden = table.whole.hidden = blind
    const empty = element(
      "p",
      { class: "zt-cmp-empty", "data-testid": "empty" },
      "No column yet. Add a model from the list above: all that draw pictures are in it.",
    )
    columns.replaceChildren(...(this.columns.length ? this.columns.map((column) => column.element) : [empty]))
    columns.classList.toggle("zt-cmp-single", blind && this.blind.kind === "single")
  }

  // Lock-step

  /** What all show has changed: ask once all of this event's changes are made, write the address at rest. */
  changed() {
    const blind = Boolean(this.blind.round)
    const classes = this.cards.reduce((most, card) => (card.classes.length > most.length ? card.classes : most), [])
    if (classes.length) view.y = Math.min(view.y, classes.length - 1) // kept while no column knows classes
    this.bar.paint(this.models, classes, blind)
    this.columns.forEach((column) => column.tell(this.same(column)))
    if (!blind) this.toys.show(this.cards)
    else this.parts.toys.whole.hidden = true
    if (!this.due) queueMicrotask(() => this.due && this.ask())
    this.due = true
    if (!blind) this.settle()
  }

  ask() {
    this.due = false
    if (!this.columns.length) {
      this.walls.drop()
      this.parts.says.textContent = ""
      return
    }
    const blind = Boolean(this.blind.round)
    const width = Math.ceil(Math.sqrt(seeds().length))
    this.walls.ask(this.columns, ({ card }) =>
      blind ? { columns: width } : { columns: width, truncation: view.t, y: classesOf(card) },
    )
  }

  drawn(spent, turn) {
    const { says } = this.parts
    says.dataset.frames = Number(says.dataset.frames) + 1
    says.dataset.ms = spent.toFixed(1)
    const count = seeds().length
    const blind = Boolean(this.blind.round)
    if (!blind) {
      turn.ms.forEach((ms, { name }) => this.figures.timed(name, ms, count))
      this.settle() // the charts want to know what a model costs
    }
    this.tellCell(blind ? "" : ` · all ${this.columns.length} columns redrawn in ${spent.toFixed(0)} ms`)
  }

  tellCell(rest) {
    const all = seeds()
    const at = Math.min(view.cell, all.length - 1)
    this.rest = rest
    this.parts.says.textContent =
      `Enlarged: sample ${at + 1} of ${all.length}, ` +
      `${this.blind.round ? "the same place in all columns" : `seed ${all[at]} in all columns`}${rest}`
  }

  /** The pointer or the keys are on a cell: the same in every column. */
  point(cell) {
    if (cell === view.cell) return
    view.cell = cell
    this.columns.forEach(({ wall }) => wall.enlarge(cell, view.soft))
    this.tellCell(this.rest ?? "")
  }

  /** Say which other columns draw the very same latents: noise belongs to a seed and a number of latents. */
  same({ name, card }) {
    if (!card) return ""
    if (!card.decodes) return "same seeds; draws its pixels one by one, from no latent"
    const alike = this.cards.filter(
      (other) =>
        other.name !== name &&
        other.decodes &&
        other.latent === card.latent &&
        other.samples === card.samples &&
        card.samples,
    )
    const scaled = this.cards.filter(
      (other) => other.name !== name && other.latent === card.latent && other.samples !== card.samples,
    )
    if (alike.length) return `same ${card.latent} latents as ${named(alike)}`
    if (scaled.length) return `same noise as ${named(scaled)}, scaled to its own codes`
    return this.cards.length > 1 ? `same seeds, other latents (${card.latent})` : `${card.latent} latents`
  }

  // Blind

  riddle(kind) {
    const first = this.cards[0]
    if (!first) return this.say("Add a model first.")
    this.blind.begin(
      kind,
      kind === "single"
        ? this.cards.filter(({ data, shape }) => data === first.data && String(shape) === String(first.shape))
        : this.cards,
    )
  }

  hide(tokens) {
    this.settle.cancel()
    const single = this.blind.kind === "single"
    if (single && !this.before) this.before = { n: view.n, seed: view.seed, cell: view.cell }
    if (single) view.set({ n: 1, seed: [view.seed[0]], cell: 0 })
    const on = { cell: (i) => this.point(i) }
    this.columns = tokens.map(([token, title]) => new Column(token, title, null, on))
    this.columns.forEach((column, i) =>
      single ? this.judge(column) : column.ask(this.blind.options(), (value) => this.blind.guess(i, value)),
    )
    this.lay()
    this.changed()
  }

  unhide() {
    view.set(this.before ?? {})
    this.before = null
    this.rebuild()
  }

  judge(column) {
    const real = button("Real", "A photograph or drawing of the data set (R)", () => this.blind.judge(true), {
      "data-testid": "judge-real",
    })
    const made = button("Made", "Made by one of the models (M)", () => this.blind.judge(false), {
      "data-testid": "judge-made",
    })
    column.guess = {
      value: "guessed",
      set disabled(off) {
        real.disabled = made.disabled = off
      },
    }
    column.element.querySelector("header").append(element("span", { class: "zt-cmp-judge" }, real, made))
  }

  reveal(titles, right) {
    this.columns.forEach((column, i) => column.open(titles[i], right[i]))
  }

  // Taking along

  async png() {
    if (!this.columns.length) return this.say("There is no wall yet. Add a model first.")
    await this.walls.rest()
    const missing = this.columns.filter(({ fresh }) => !fresh)
    if (missing.length)
      this.say(
        `${named(missing)} ${missing.length === 1 ? "is" : "are"} not drawn: the picture says so in ` +
          `${missing.length === 1 ? "its" : "their"} place.`,
      )
    save(await picture(this.columns), `zoetrope-${view.models.slice(0, 4).join("-")}-seed-${view.seed[0]}.png`)
  }

  async link() {
    const link = linkTo(this.page, view.link(), "compare")
    this.say((await copy(link)) ? "The link is on the clipboard." : link)
  }

  compose() {
    this.through.keep(this.pictures)
    return view.kept()
  }

  restore(body) {
    view.restore(body, this.say)
    if (view.through) this.through.restore(view.through, this.pictures)
  }

  again() {
    this.changed()
  }

  close() {
    this.due = false
    this.settle.cancel()
    this.watches.forEach((stop) => stop())
    super.close()
  }
}

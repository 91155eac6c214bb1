// The levels of a latent: which are frozen while the others are drawn, and which are folded away.

const NOTHING = { frozen: [], folded: [] }

export class Levels {
  constructor(explorer) {
    this.explorer = explorer
    this.all = {}
  }

  /** What is frozen and folded of the model shown, by name. */
  get mine() {
    return this.all[this.explorer.card.name] ?? NOTHING
  }

  /** The levels that are frozen, uppermost first. */
  get frozen() {
    return this.explorer.card.levels.filter((level) => this.isFrozen(level))
  }

  isFrozen({ name }) {
    return this.mine.frozen.includes(name)
  }

  isFolded({ name }) {
    return this.mine.folded.includes(name)
  }

  /** Whether an axis lies in a frozen level. */
  holds(axis) {
    return this.frozen.some(({ axes }) => axes.includes(axis))
  }

  /** The axes that may be drawn, nudged and reset. */
  get free() {
    const held = new Set(this.frozen.flatMap(({ axes }) => axes))
    return this.explorer.card.axes.map((_, axis) => axis).filter((axis) => !held.has(axis))
  }

  freeze(level) {
    this.change({ frozen: toggled(this.mine.frozen, level.name) })
  }

  fold(level) {
    this.change({ folded: toggled(this.mine.folded, level.name) })
    this.explorer.axes.refresh()
  }

  thaw() {
    this.change({ frozen: [] })
  }

  /** From none frozen to the first alone, then the next alone, and after the last to none. */
  next() {
    const { levels } = this.explorer.card
    const after = this.frozen.length ? levels.indexOf(this.frozen[0]) + 1 : 0
    const frozen = this.frozen.length < 2 ? levels.slice(after, after + 1) : []
    if (levels.length) this.change({ frozen: frozen.map(({ name }) => name) })
  }

  change(part) {
    const { card, persistence } = this.explorer
    this.all[card.name] = { ...this.mine, ...part }
    this.paint()
    persistence.now()
  }

  /** Take what was kept, but for what has been changed since. */
  restore(kept) {
    this.all = { ...kept, ...this.all }
    this.paint()
  }

  paint() {
    this.explorer.axes.lock()
    this.explorer.directions.paint()
    this.explorer.captions.frozen()
  }
}

const toggled = (names, name) => (names.includes(name) ? names.filter((other) => other !== name) : [...names, name])

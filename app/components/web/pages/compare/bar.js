// The bar over all columns: seeds, how many, truncation, class, which models, and what is done with the whole.

import { button, element, labelled, picker } from "./parts.js"
import { ALL, COUNTS, SEEDS, listed, seeds, takeSeeds, view, written } from "./view.js"

export class Bar {
  /** `on`: say(sentence), add(name), blind(kind), png(), link() */
  constructor(root, on) {
    this.root = root
    this.on = on
    this.models = []
    this.laid = {}
    this.seed = element("input", {
      class: "zt-cmp-seed",
      type: "text",
      inputMode: "numeric",
      "aria-label": "Seeds: the first one, a range, or a list",
      title: "The first seed, a range as 100-163, or a list as 3, 5, 8",
      placeholder: "secret",
      "data-testid": "seed",
      onchange: () => this.take(this.seed.value),
    })
    this.range = element("span", { class: "zt-cmp-range", "data-testid": "seed-range" })
    const step = (sign) => () => this.go(view.seed[0] + sign * seeds().length)
    this.count = picker(
      "Samples to a wall",
      COUNTS.map((n) => [n, n]),
      (n) => this.zoomTo(Number(n)),
    )
    this.truncation = element("input", {
      type: "range",
      class: "zt-cmp-slider",
      min: 0,
      max: 1.5,
      step: 0.05,
      "aria-label": "Truncation: how far latents lie from the middle",
      "data-testid": "truncation",
      oninput: () => (view.t = Number(this.truncation.value)),
    })
    this.t = element("output", { class: "zt-cmp-t" })
    this.classes = element("span", {
      class: "zt-cmp-classes",
      role: "group",
      "aria-label": "Class of all models that know classes",
    })
    this.soft = button("Soft", "Soft or visible pixels (P)", () => this.toggleSoft())
    this.add = picker("Add a model", [], (name) => name && on.add(name))
    this.add.dataset.testid = "add"
    this.named = element(
      "span",
      { class: "zt-cmp-group" },
      this.add,
      button("Blind: which model?", "Shuffle the columns and take their names away (B)", () => on.blind("models"), {
        "data-testid": "blind-models",
      }),
      button("Real or made?", "One picture at a time: real, or made by one of these?", () => on.blind("single"), {
        "data-testid": "blind-single",
      }),
    )
    this.knobs = element(
      "span",
      { class: "zt-cmp-group" },
      labelled("truncation", this.truncation),
      this.t,
      this.classes,
    )
    this.seeded = element(
      "span",
      { class: "zt-cmp-group" },
      labelled("seed", this.seed),
      button("◂", "The seeds before", step(-1), { "aria-label": "The seeds before" }),
      button("▸", "The next seeds", step(1), { "aria-label": "The next seeds" }),
      button("Resample", "Other seeds in all columns (R)", () => this.resample(), {
        class: "zt-button zt-strong",
        "data-testid": "resample",
      }),
      button("Paste", "Take seeds from the clipboard", () => this.paste()),
      this.range,
    )
    this.saves = element(
      "span",
      { class: "zt-cmp-group" },
      button("PNG", "Save the walls as a picture", on.png, { "data-testid": "save-png" }),
      button("Link", "Copy the link to this view", on.link),
    )
    root.replaceChildren(
      this.seeded,
      element(
        "span",
        { class: "zt-cmp-group" },
        labelled("samples", this.count),
        button("−", "Zoom out: more samples (−)", () => this.zoom(1), { "aria-label": "Zoom out" }),
        button("+", "Zoom in: fewer, larger samples (+)", () => this.zoom(-1), { "aria-label": "Zoom in" }),
        this.soft,
      ),
      this.knobs,
      this.named,
      this.saves,
    )
  }

  /** Show the values as they are. `models` are all there are, `classes` the names of the shown ones'. */
  paint(models, classes, blind) {
    const all = seeds()
    this.seed.value = blind ? "" : written() // in a blind round the server moves the seeds by a secret number
    this.seed.disabled = blind
    this.range.textContent = blind ? "" : listed() ? `${all.length} seeds` : `– ${all.at(-1)}`
    this.count.value = COUNTS.includes(view.n) ? view.n : ""
    this.count.disabled = listed()
    this.truncation.value = view.t
    this.t.textContent = view.t.toFixed(2)
    this.soft.setAttribute("aria-pressed", view.soft)
    this.knobs.hidden = this.named.hidden = this.saves.hidden = blind
    const free = models.filter(({ name }) => !view.models.includes(name))
    this.anew(
      "free",
      free.map(({ name }) => name),
      () => this.offer(free),
    )
    this.anew("classes", classes, () => this.classed(classes))
    ;[...this.classes.children].forEach((each, i) => each.setAttribute("aria-pressed", i - 1 === view.y))
  }

  /** Lay a part again only where it has changed: a frame in between would keep the walls waiting. */
  anew(part, names, lay) {
    const key = names.join("|")
    if (key !== this.laid[part]) lay()
    this.laid[part] = key
  }

  offer(free) {
    this.add.replaceChildren(
      element("option", { value: "" }, free.length ? "Add a model…" : "All models are here"),
      ...free.map(({ name, title, data }) => element("option", { value: name }, `${title} (${data}: ${name})`)),
    )
  }

  classed(classes) {
    const pick = (y) => () => (view.y = y)
    const chip = (name, title, y) => button(name, title, pick(y), { class: "zt-button zt-cmp-class" })
    const all = chip("all", "All classes in turn, in models that know classes: as the others draw", ALL)
    this.classes.replaceChildren(
      ...(classes.length
        ? [all, ...classes.map((name, y) => chip(name, `Class ${name} in all models that know classes`, y))]
        : []),
    )
  }

  take(text) {
    const trouble = takeSeeds(text)
    if (trouble) this.on.say(trouble)
    this.seed.value = written()
  }

  async paste() {
    try {
      this.take(await navigator.clipboard.readText())
    } catch {
      this.on.say("The browser does not show the clipboard here. Click into the seed and paste there.")
    }
  }

  go(start) {
    view.seed = [((start % SEEDS) + SEEDS) % SEEDS]
  }

  resample() {
    this.go(crypto.getRandomValues(new Uint32Array(1))[0] % 1_000_000)
  }

  zoom(step) {
    const at = COUNTS.findIndex((n) => n >= view.n)
    this.zoomTo(COUNTS[Math.min(COUNTS.length - 1, Math.max(0, (at < 0 ? COUNTS.length - 1 : at) + step))])
  }

  zoomTo(n) {
    if (listed() || !n)
      return this.on.say("A list of seeds has its own number of samples. Write a single seed to choose it.")
    view.n = n
  }

  toggleSoft() {
    view.soft = !view.soft
  }
}

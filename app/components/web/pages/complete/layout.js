// The skeleton of Complete, made once. Every part that others need is in the returned object, by name.

import { button, element, toggle } from "../../ui/element.js"
import { sourceParts } from "../../source/parts.js"
import { SPEEDS } from "./completionState.js"

const line = (...parts) => element("div", { class: "zt-cpl-line" }, ...parts)
const field = (text, ...controls) => element("label", { class: "zt-field" }, element("span", {}, text), ...controls)
const says = (testid) =>
  element("p", { class: "zt-cpl-says", role: "status", "aria-live": "polite", "data-testid": testid })

const BOARD =
  "The picture. Arrow keys move a cursor over it; where a region is to be hidden, Enter hides around the " +
  "cursor and Shift + Enter uncovers."
const REGIONS = [
  ["lower", "Lower half"],
  ["right", "Right half"],
  ["middle", "Middle"],
  ["all", "All"],
  ["none", "Nothing"],
]

/** @param {import("../../core/page.js").Page} page */
export function layout(page) {
  const parts = { ...top(page.tools), ...begin(), ...transport(), ...chances(), ...fill(), ...sight(), ...rival() }
  page.arrange(
    element("div", { class: "zt-top" }, parts.model, parts.text, parts.tools),
    parts.beginning,
    element(
      "div",
      { class: "zt-cpl" },
      parts.left,
      element(
        "div",
        { class: "zt-cpl-right" },
        parts.fillSection,
        parts.chancesSection,
        parts.surpriseSection,
        parts.reachSection,
        parts.rivalSection,
      ),
    ),
  )
  return parts
}

function top(shared) {
  const model = element("select", { class: "zt-model", "aria-label": "Model" })
  const text = element("p", { class: "zt-text" })
  return { model, text, tools: element("div", { class: "zt-tools" }, ...shared) }
}

function begin() {
  const ways = [
    toggle("Draw from nothing", "The model draws a whole picture, pixel by pixel (W)", { "data-way": "draw" }),
    toggle("Hide and fill", "Hide a region of a picture, and the model draws it (W)", { "data-way": "fill" }),
  ]
  const seed = element("input", {
    class: "zt-seed",
    type: "number",
    min: 0,
    max: 2 ** 32 - 1,
    step: 1,
    "aria-label": "Seed",
    placeholder: "–",
    title: "The seed of the picture on the board",
  })
  const another = button("New seed", "Other numbers, another picture (N)")
  const classes = element("div", { class: "zt-classes", role: "group", "aria-label": "Class that the model is told" })
  const wayGroup = element("div", { class: "zt-rec-both", role: "group", "aria-label": "How to begin" }, ...ways)
  return {
    ways,
    seed,
    another,
    classes,
    beginning: element("div", { class: "zt-cpl-line zt-cpl-begin" }, wayGroup, field("seed", seed), another, classes),
  }
}

function board() {
  const canvas = element("canvas", {
    class: "zt-cpl-board",
    tabIndex: 0,
    role: "application",
    "aria-label": BOARD,
    "data-testid": "board",
  })
  return { canvas, box: element("div", { class: "zt-cpl-box" }, canvas), where: says("where") }
}

function transport() {
  const back = button("↺", "To the beginning (Home)", { "aria-label": "Restart" })
  const play = button("Play", "Play or pause (Space)", { class: "zt-button zt-strong zt-play", "data-testid": "play" })
  const pixel = button("→ Pixel", "Draw the next pixel (→)")
  const row = button("↓ Row", "Draw to the end of the row (↓)")
  const scrub = element("input", {
    class: "zt-slider zt-scrub",
    "data-steps": "",
    type: "range",
    min: 0,
    step: 1,
    "aria-label": "Pixel up to which it is drawn",
    "data-testid": "scrub",
  })
  const pace = element("input", {
    class: "zt-cpl-pace",
    type: "range",
    min: 0,
    max: SPEEDS.length - 1,
    step: 1,
    "aria-label": "Speed, in pixels a second",
  })
  const speed = element("output", { class: "zt-cpl-speed" })
  const hide = button("Hide part of it", "Take this picture, and hide a part of it to be filled anew")
  const left = element("section", { class: "zt-cpl-left", "aria-label": "Picture" })
  const parts = { ...board(), back, play, pixel, row, scrub, pace, speed, hide, left }
  left.append(parts.box, scrub, line(back, play, pixel, row, field("speed", pace, speed)), line(parts.where, hide))
  return parts
}

function section(title, testid, ...content) {
  return element(
    "section",
    { class: "zt-cpl-section", "aria-label": title, "data-testid": testid },
    element("h3", {}, title),
    ...content,
  )
}

function chances() {
  const chart = element("div", { class: "zt-cpl-chart" })
  return { chart, chancesSection: section("The value that was drawn last", "chances-section", chart) }
}

function fill() {
  const source = sourceParts()
  const fillings = element("div", {
    class: "zt-cpl-fillings",
    role: "group",
    "aria-label": "Fillings",
    "data-testid": "fillings",
  })
  const count = element(
    "select",
    { class: "zt-rec-select", "aria-label": "How many fillings" },
    ...[1, 2, 4, 8, 12, 16].map((n) => element("option", { value: n }, n)),
  )
  const size = element("input", {
    class: "zt-rec-range",
    type: "range",
    min: 0,
    max: 6,
    step: 1,
    "aria-label": "Size of the brush",
  })
  const erase = toggle("Uncover", "The brush uncovers what is hidden (E)")
  const undo = button("Undo", "Take the last change of the mask back (U)")
  const regions = REGIONS.map(([name, text]) =>
    button(text, `Hide: ${text.toLowerCase()} (H: the next)`, { "data-region": name }),
  )
  const threshold = element("input", {
    class: "zt-rec-range",
    type: "range",
    min: 1,
    max: 255,
    step: 1,
    "aria-label": "Grey from which on a pixel is white",
  })
  const binary = element(
    "div",
    { class: "zt-cpl-line", "data-testid": "binary" },
    element(
      "p",
      { class: "zt-cpl-says" },
      "This model knows black and white alone, so that greys are cut in two here:",
    ),
    threshold,
  )
  const bringing = element(
    "details",
    { class: "zt-cpl-source", "data-testid": "source-section" },
    element("summary", {}, "Picture"),
    source.left,
  )
  const fillSection = section(
    "Hide a region, with the brush or at once",
    "fill-section",
    line(...regions),
    line(field("brush", size), erase, undo, field("fillings", count)),
    fillings,
    binary,
    bringing,
  )
  return {
    pictureSource: source,
    fillings,
    count,
    size,
    erase,
    undo,
    regions,
    threshold,
    binary,
    bringing,
    fillSection,
  }
}

function sight() {
  const surprising = toggle("Show surprise", "How surprising each pixel is to the model, in bits (B)", {
    "data-testid": "surprising",
  })
  const surpriseSays = says("surprise")
  const seeing = toggle("Show what a pixel sees", "Point at a pixel, or move the cursor to it (M)", {
    "data-testid": "seeing",
  })
  const other = element("select", { class: "zt-rec-select", "aria-label": "Model beside it" })
  const otherBoard = element("canvas", {
    class: "zt-cpl-other",
    role: "img",
    "aria-label": "What the other model sees",
    hidden: true,
  })
  const reachSays = says("reach")
  const masks = element("div", { class: "zt-cpl-masks" })
  const reach = element(
    "div",
    { class: "zt-cpl-reach", hidden: true },
    line(field("beside", other)),
    reachSays,
    otherBoard,
    element(
      "p",
      { class: "zt-cpl-says" },
      "The masks of its layers: a pixel, in the middle, is computed from the filled ones alone.",
    ),
    masks,
  )
  return {
    surprising,
    surpriseSays,
    seeing,
    other,
    otherBoard,
    reachSays,
    masks,
    reach,
    surpriseSection: section("Surprise, pixel by pixel", "surprise-section", line(surprising), surpriseSays),
    reachSection: section("Receptive field", "reach-section", line(seeing), reach),
  }
}

function rival() {
  const choice = element("select", { class: "zt-rec-select", "aria-label": "Model that draws in one pass" })
  const rivalCanvas = element("canvas", {
    class: "zt-cpl-other",
    role: "img",
    "aria-label": "The picture of the model that draws in one pass",
    "data-testid": "rival",
  })
  const rivalSays = says("rival-says")
  return {
    rival: choice,
    rivalCanvas,
    rivalSays,
    rivalSection: section(
      "In one pass",
      "rival-section",
      line(choice),
      element("div", { class: "zt-cpl-once" }, rivalCanvas, rivalSays),
    ),
  }
}

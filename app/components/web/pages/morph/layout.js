// The skeleton of Morph, made once. Every part that others need is in the returned object, by name.

import { button, element, toggle } from "../../ui/element.js"
import { statusButton } from "../../ui/speed.js"

/** @param {(string | number)[]} pair value and text */
const option = ([value, text]) => element("option", { value }, text)

const WAYS = [
  ["linear", "Linear", "The straight line: the shortest way, through the inside of the shell"],
  ["spherical", "Spherical", "Along the great circle: equal angles, on the shell"],
  ["norm-preserving", "Norm-preserving", "The straight line's directions at the keys' distance from the middle"],
]

/** @param {import("../../core/page.js").Page} page */
export function layout(page, { seconds, rates }) {
  const parts = { ...top(page.tools), ...stage(), ...strip(), ...nearest(), ...controls(seconds), ...files(rates) }
  page.arrange(
    element("div", { class: "zt-top" }, parts.model, parts.text, parts.tools),
    element("div", { class: "zt-morph-stage" }, parts.liveFigure, parts.fadeFigure, parts.plotFigure),
    parts.transport,
    parts.stripSection,
    parts.controls,
    parts.filesSection,
    parts.near,
  )
  return parts
}

function top(shared) {
  const model = element("select", { class: "zt-model", "aria-label": "Model" })
  const text = element("p", { class: "zt-text" })
  const soft = button("Soft", "Soft or visible pixels (P)", { "aria-pressed": "true" })
  return { model, text, soft, tools: element("div", { class: "zt-tools" }, soft, ...shared) }
}

function stage() {
  const live = element("canvas", {
    class: "zt-canvas",
    "data-testid": "morph-live",
    role: "img",
    "aria-label": "The picture that the model makes at this moment of the path",
  })
  const fade = element("canvas", {
    class: "zt-canvas",
    "data-testid": "morph-fade",
    role: "img",
    "aria-label": "The two key pictures, cross-faded pixel by pixel",
  })
  const plot = element("canvas", { class: "zt-plot", "data-testid": "morph-plot", role: "img" })
  const [liveBox, fadeBox, plotBox] = [live, fade, plot].map((canvas) =>
    element("div", { class: "zt-box zt-picture" }, canvas),
  )
  plotBox.classList.add("zt-plot-box")
  const [liveWords, fadeWords, plotWords] = ["", "", ""].map(() => element("p", { class: "zt-morph-words" }))
  const figure = (title, box, words) =>
    element("figure", { class: "zt-figure" }, element("figcaption", { class: "zt-morph-title" }, title), box, words)
  return {
    live,
    fade,
    plot,
    liveBox,
    fadeBox,
    plotBox,
    liveWords,
    fadeWords,
    plotWords,
    liveFigure: figure("Through the latent space", liveBox, liveWords),
    fadeFigure: figure("Pixel cross-fade", fadeBox, fadeWords),
    plotFigure: figure("How far from the middle: |z| along the path", plotBox, plotWords),
  }
}

function strip() {
  const keys = element("ol", {
    class: "zt-keys",
    "data-testid": "morph-keys",
    "aria-label": "Key pictures in the order of the path",
  })
  const addSeed = button("+ Seed", "Add a key picture from a new seed (S)")
  const seed = element("input", {
    class: "zt-seed",
    type: "number",
    min: 0,
    max: 4294967295,
    step: 1,
    "aria-label": "Seed of a key picture to add",
    placeholder: "number",
  })
  const marks = element("span", { class: "zt-morph-marks", role: "group", "aria-label": "Bookmarks of Explore" })
  const picture = element(
    "a",
    { class: "zt-button", href: "reconstruct", title: "Reconstruct makes a latent of any picture, to be used here" },
    "From a picture…",
  )
  const shuffle = button("New draws", "Draw all key pictures anew (R)")
  const empty = element(
    "p",
    { class: "zt-morph-empty", hidden: true },
    "A path needs two key pictures. Add some by seed, from a picture, from your bookmarks in Explore, or " +
      "open a path file.",
  )
  const hint = element("p", { class: "zt-morph-hint" }, "Drag to reorder, or Shift + arrow; Delete removes.")
  const adding = element(
    "div",
    { class: "zt-morph-adding" },
    addSeed,
    element("label", { class: "zt-field" }, "or seed", seed),
    picture,
    shuffle,
    marks,
    element("span", { class: "zt-gap" }),
    hint,
  )
  return {
    keyList: keys,
    addSeed,
    seed,
    picture,
    marks,
    shuffle,
    empty,
    stripSection: element("section", { class: "zt-key-strip", "aria-label": "Key pictures" }, keys, empty, adding),
  }
}

function nearest() {
  const says = element("p", { class: "zt-morph-words", role: "status", "aria-live": "polite" })
  const rows = element("div", { class: "zt-near-rows" })
  const near = element(
    "details",
    { class: "zt-near", "data-testid": "morph-near" },
    element(
      "summary",
      { title: "Shown or hidden (N)" },
      "Nearest training pictures: did the model learn them by heart?",
    ),
    says,
    rows,
  )
  return { near, nearSays: says, nearRows: rows }
}

function controls(seconds) {
  const play = button("Play", "Play or pause (Space)", {
    class: "zt-button zt-strong zt-play",
    "data-testid": "morph-play",
  })
  const scrub = element("input", {
    class: "zt-slider zt-scrub",
    "data-steps": "",
    type: "range",
    min: 0,
    step: 1,
    value: 0,
    "aria-label": "Moment of the path",
    "data-testid": "morph-scrub",
  })
  const clock = element("output", { class: "zt-clock" })
  const { status, readout } = statusButton()
  const ways = WAYS.map(([way, text, title]) =>
    element("button", { type: "button", class: "zt-chip", "data-way": way, title: `${title} (W)` }, text),
  )
  const easing = element(
    "select",
    { class: "zt-axis-choice" },
    ...[
      ["keys", "lingers at each key"],
      ["ends", "soft start and end"],
      ["steady", "steady"],
    ].map(option),
  )
  const pace = element(
    "select",
    { class: "zt-axis-choice" },
    ...[
      ["time", "equal time per segment"],
      ["length", "equal speed"],
    ].map(option),
  )
  const loop = toggle("Loop", "Go on from the last picture to the first (L)")
  const length = element("input", { class: "zt-seed", type: "number", min: seconds[0], max: seconds[1], step: 0.5 })
  const field = (text, part, title) => element("label", { class: "zt-field", title }, text, part)
  return {
    play,
    scrub,
    clock,
    status,
    readout,
    ways,
    easing,
    pace,
    loop,
    length,
    transport: element("div", { class: "zt-transport" }, play, scrub, clock),
    controls: element(
      "div",
      { class: "zt-controls" },
      element("span", { class: "zt-ways", role: "group", "aria-label": "Way between two keys" }, ...ways),
      loop,
      field("seconds", length),
      field("easing", easing),
      field("pace", pace),
      status,
    ),
  }
}

function files(rates) {
  const form = (name, text, title) => button(text, title, { "data-form": name })
  const forms = [
    form("mp4", "MP4", "A film that plays everywhere (E)"),
    form("webp", "WebP", "An animation for web pages: small, in colour, repeats"),
    form("gif", "GIF", "An animation that shows wherever pictures do; large"),
    form("png", "PNG strip", "Twelve pictures of the path side by side"),
    form("json", "Path file", "The path itself, to be opened again"),
  ]
  const size = element(
    "select",
    { class: "zt-axis-choice" },
    ...[
      [256, "256 pixels"],
      [512, "512 pixels"],
      [1024, "1024 pixels"],
    ].map(option),
  )
  size.value = 512
  const rate = element(
    "select",
    { class: "zt-axis-choice", "aria-label": "Frames a second" },
    ...rates.map((fps) => option([fps, `${fps} fps`])),
  )
  const bar = element("progress", {
    class: "zt-progress",
    max: 1,
    value: 0,
    "aria-label": "How much of the film is made",
  })
  const told = element("span", { role: "status", "aria-live": "polite" })
  const cancel = button("Cancel", "Stop making the film")
  const going = element("span", { class: "zt-going", hidden: true, "data-testid": "morph-progress" }, bar, told, cancel)
  const file = element("input", {
    type: "file",
    accept: ".json,application/json",
    hidden: true,
    "data-testid": "morph-file",
  })
  const open = button("Open a path file…", "Open a path that Morph has written; or drop it onto this page")
  return {
    forms,
    size,
    rate,
    bar,
    told,
    cancel,
    going,
    file,
    open,
    filesSection: element(
      "section",
      { class: "zt-files", "aria-label": "Save and open" },
      element("span", { class: "zt-files-title" }, "Save as"),
      ...forms,
      element("label", { class: "zt-field" }, "size", size),
      rate,
      open,
      file,
      going,
    ),
  }
}

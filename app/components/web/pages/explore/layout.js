// The skeleton of Explore, made once. Every part that others need is in the returned object, by name.

import { button, element, toggle } from "../../ui/element.js"
import { statusButton } from "../../ui/speed.js"

/** @param {import("../../core/page.js").Page} page */
export function layout(page) {
  const parts = { ...top(page.tools), ...picture(), ...plane(), ...axes(), ...bookmarks(), ...controls() }
  page.arrange(
    element("div", { class: "zt-top" }, parts.model, parts.text, parts.tools),
    element(
      "div",
      { class: "zt-stage" },
      parts.pictureFigure,
      parts.planeFigure,
      parts.marksSection,
      parts.controls,
      parts.axesSection,
    ),
  )
  return parts
}

function top(shared) {
  const model = element("select", { class: "zt-model", "aria-label": "Model" })
  const text = element("p", { class: "zt-text" })
  const link = button("Copy link", "Copy a link to exactly this picture")
  const python = button("Copy as Python", "Copy three lines that make this picture in Python")
  return { model, text, link, python, tools: element("div", { class: "zt-tools" }, link, python, ...shared) }
}

function picture() {
  const canvas = element("canvas", {
    class: "zt-canvas",
    "data-testid": "live-canvas",
    role: "img",
    "aria-label": "The picture at this latent",
  })
  const heat = element("canvas", { class: "zt-heat", hidden: true })
  const pictureBox = element("div", { class: "zt-box zt-picture" }, canvas, heat)
  const rule = element("span", { class: "zt-rule" })
  const soft = toggle("Soft", "Soft or visible pixels (P)")
  const heating = toggle("What moved", "Heat map of what the active axis moves (H)")
  const classes = element("div", { class: "zt-classes", role: "group", "aria-label": "Class", hidden: true })
  const caption = element(
    "figcaption",
    { class: "zt-caption" },
    rule,
    element("span", { class: "zt-gap" }),
    soft,
    heating,
  )
  return {
    canvas,
    heat,
    pictureBox,
    rule,
    soft,
    heating,
    classes,
    pictureFigure: element("figure", { class: "zt-figure" }, pictureBox, caption, classes),
  }
}

function plane() {
  const canvas = element("canvas", { class: "zt-manifold" })
  const point = element("div", { class: "zt-point" })
  const held = element("p", { class: "zt-plane-held", hidden: true })
  const box = element(
    "div",
    {
      class: "zt-box zt-plane",
      "data-testid": "latent-plane",
      tabIndex: 0,
      role: "slider",
      "aria-label": "Latent plane: drag to move, or use the arrow keys",
      "aria-valuetext": "",
      "aria-valuenow": "0",
    },
    canvas,
    point,
    held,
  )
  const across = element("select", { class: "zt-axis-choice", "aria-label": "Axis across" })
  const up = element("select", { class: "zt-axis-choice", "aria-label": "Axis upwards" })
  const axisChoice = element("span", { class: "zt-axis-choices" }, "→", across, "↑", up)
  const dots = toggle("Data", "Where the held-out pictures lie (D)")
  const legend = element("span", { class: "zt-legend" })
  const hint = element("span", { class: "zt-hint" }, "Drag anywhere on the plane.")
  const caption = element(
    "figcaption",
    { class: "zt-caption" },
    axisChoice,
    legend,
    hint,
    element("span", { class: "zt-gap" }),
    dots,
  )
  return {
    planeCanvas: canvas,
    planeBox: box,
    point,
    held,
    across,
    up,
    axisChoice,
    dots,
    legend,
    hint,
    planeFigure: element("figure", { class: "zt-figure" }, box, caption),
  }
}

function axes() {
  const axesTitle = element("h2", { class: "zt-axes-title" })
  const axesList = element("div", { class: "zt-axes-list" })
  const directions = element("section", { class: "zt-directions", "aria-label": "Directions" })
  return {
    axesTitle,
    axesList,
    directions,
    axesSection: element("section", { class: "zt-axes", "aria-label": "Axes" }, axesTitle, axesList),
  }
}

function bookmarks() {
  const marks = element("div", { class: "zt-marks-places" })
  const key = (text) => element("kbd", {}, text)
  const marksHint = element(
    "p",
    { class: "zt-marks-hint" },
    element(
      "span",
      { class: "zt-typed zt-when-empty" },
      key("K"),
      " keeps the picture here, ",
      key("1"),
      " – ",
      key("9"),
      " go back to it.",
    ),
    element(
      "span",
      { class: "zt-typed zt-when-some" },
      key("K"),
      " keeps one more, ",
      key("1"),
      " – ",
      key("9"),
      " go there, × removes.",
    ),
    element("span", { class: "zt-tapped zt-when-empty" }, "Tap a free place to keep the picture there."),
    element("span", { class: "zt-tapped zt-when-some" }, "Tap a picture to go there, then × to remove it."),
  )
  return {
    marks,
    marksHint,
    marksSection: element("section", { class: "zt-marks", "aria-label": "Bookmarks" }, marks, marksHint),
  }
}

function controls() {
  const random = button("Random", "Draw a latent at random (R)", { class: "zt-button zt-strong" })
  const seed = element("input", {
    class: "zt-seed",
    type: "number",
    min: 0,
    max: 4294967295,
    step: 1,
    "aria-label": "Seed of the random draw",
    placeholder: "–",
    title: "The seed that made this picture; – where none did",
  })
  const truncation = element("input", {
    class: "zt-slider zt-truncation",
    type: "range",
    min: 0,
    max: 1.5,
    step: 0.05,
    value: 1,
    "aria-label": "Truncation",
  })
  const truncationValue = element("output", { class: "zt-value" }, "1.00")
  const nudge = button("Nudge", "A small random step (N)")
  const undo = button("Undo", "Undo (U)")
  const redo = button("Redo", "Redo (Shift + U)")
  const reset = button("Reset", "Back to where the model opens (0)")
  const record = button("Record", "Record a gesture, or stop (G)", {
    class: "zt-button zt-record",
    "aria-pressed": "false",
  })
  const morph = button("Open in Morph", "Play the recorded gesture in Morph, as a path", { hidden: true })
  const frozen = element("span", { class: "zt-frozen-levels", role: "status", "aria-live": "polite" })
  const { status, readout } = statusButton()
  const made = element(
    "div",
    { class: "zt-controls" },
    random,
    element("label", { class: "zt-field" }, "seed", seed),
    element(
      "label",
      {
        class: "zt-field",
        title: "Scales what is shown about the middle, and random draws to come: below 1 more typical and less varied",
      },
      "truncation",
      truncation,
      truncationValue,
    ),
    nudge,
    undo,
    redo,
    reset,
    record,
    morph,
    frozen,
    status,
  )
  return {
    random,
    seed,
    truncation,
    truncationValue,
    nudge,
    undo,
    redo,
    reset,
    record,
    morph,
    frozen,
    status,
    readout,
    controls: made,
  }
}

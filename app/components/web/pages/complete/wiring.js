// Which control and which key of Complete does what.

import { SEEDS, SPEEDS, completionState, lay, preset, undo } from "./completionState.js"

const REGIONS = ["lower", "right", "middle", "all"]

/**
 * Connect the controls.
 *
 * @param {import("./index.js").Complete} complete
 */
export function wire(complete) {
  const { parts, player, brush } = complete
  // A button that was clicked gives the focus back, so that Space plays; one that was pressed by a key keeps it.
  const click = (part, act) => part.addEventListener("click", (event) => (event.detail && part.blur(), act()))
  const input = (part, act) => part.addEventListener("input", () => act(Number(part.value)))
  const anySeed = () => complete.set({ seed: Math.floor(Math.random() * 100000) })
  const way = () => complete.set({ way: completionState.way === "fill" ? "draw" : "fill" })
  parts.model.addEventListener("change", () => complete.pick(parts.model.value))
  parts.seed.addEventListener("change", () => takeSeed(complete))
  parts.count.addEventListener("change", () => complete.set({ count: Number(parts.count.value) }))
  input(parts.scrub, (count) => player.seek(count))
  input(parts.pace, (speed) => pace(complete, speed))
  input(parts.size, (radius) => (completionState.brush.radius = radius))
  input(parts.threshold, (threshold) => {
    completionState.threshold = threshold
    complete.renewed()
  })
  click(parts.another, anySeed)
  click(parts.back, () => player.seek(0))
  click(parts.play, () => complete.play())
  click(parts.pixel, () => player.step(1))
  click(parts.row, () => player.row(1))
  click(parts.hide, () => complete.adopt())
  click(parts.erase, () => erase(complete))
  click(parts.undo, () => back(complete))
  click(parts.seeing, () => see(complete))
  click(parts.surprising, () => surprise(complete))
  for (const each of parts.ways) click(each, () => complete.set({ way: each.dataset.way }))
  for (const each of parts.regions) click(each, () => region(complete, each.dataset.region))
  let next = 0
  complete.listen({
    arrow: (dx, dy) => (brush.focused ? brush.walk(dx, -dy) : dx ? player.step(dx) : player.row(-dy)),
    digit: (digit) => complete.card.classes[digit] !== undefined && complete.set({ y: digit }),
    n: anySeed,
    w: way,
    c: () =>
      complete.card.classes.length &&
      complete.set({
        y: complete.y === null ? 0 : complete.y + 1 < complete.card.classes.length ? complete.y + 1 : null,
      }),
    h: () => region(complete, REGIONS[(next = (next + 1) % REGIONS.length)]),
    e: () => erase(complete),
    u: () => back(complete),
    m: () => see(complete),
    b: () => surprise(complete),
    "+": () => pace(complete, Math.min(SPEEDS.length - 1, completionState.speed + 1)),
    "=": () => pace(complete, Math.min(SPEEDS.length - 1, completionState.speed + 1)),
    "-": () => pace(complete, Math.max(0, completionState.speed - 1)),
    Home: () => player.seek(0),
    End: () => player.seek(Infinity),
    // A button that has the focus is pressed by Space; elsewhere it plays.
    get " "() {
      return document.activeElement?.closest("button, summary") ? undefined : () => complete.play()
    },
  })
}

/** @param {import("./index.js").Complete} complete */
function takeSeed(complete) {
  const seed = Number(complete.parts.seed.value)
  if (complete.parts.seed.value !== "" && Number.isInteger(seed) && seed >= 0 && seed < SEEDS)
    return complete.set({ seed })
  complete.say(`A seed is a whole number from 0 to ${SEEDS - 1}.`)
  complete.press()
}

/** @param {import("./index.js").Complete} complete */
function pace(complete, speed) {
  completionState.speed = speed
  complete.press()
  complete.player.wake()
}

/** @param {import("./index.js").Complete} complete */
function erase(complete) {
  completionState.brush.erase = !completionState.brush.erase
  complete.press()
}

/** @param {import("./index.js").Complete} complete */
function back(complete) {
  if (undo(complete.card.shape)) return complete.renew()
  complete.say("There is no earlier mask.")
}

/**
 * Hide a ready-made region.
 *
 * @param {import("./index.js").Complete} complete
 */
function region(complete, name) {
  const { shape } = complete.card
  lay(shape, preset(name, shape[1], shape[2]))
  if (completionState.way === "fill") return complete.renew()
  complete.set({ way: "fill" })
}

/** @param {import("./index.js").Complete} complete */
function see(complete) {
  completionState.reach = !completionState.reach
  complete.press()
  const { drawing, receptiveField } = complete
  const first = receptiveField.pixel ?? Math.floor(drawing.size * 0.6)
  if (completionState.reach) receptiveField.look(first, drawing.pictures[complete.chosen], drawing.y)
  complete.paint()
}

/** @param {import("./index.js").Complete} complete */
function surprise(complete) {
  completionState.surprise = !completionState.surprise
  complete.press()
  complete.surprise.changed(true)
}

// Which control and which key of Morph does what.

import { visit } from "../../core/address.js"

const WAYS = ["linear", "spherical", "norm-preserving"]

/**
 * Connect the controls; returns how to let go of files that are dropped.
 *
 * @param {import("./index.js").Morph} morph
 */
export function wire(morph) {
  const { parts, player, strip } = morph
  const click = (part, act) => part.addEventListener("click", () => act())
  const seek = (frames, since) => morph.walk.ready && player.seek(player.time + frames / morph.walk.frames, since)
  parts.model.addEventListener("change", () => morph.pick(parts.model.value))
  parts.scrub.addEventListener("input", (event) => player.seek(parts.scrub.value / morph.walk.frames, event.timeStamp))
  parts.seed.addEventListener("change", () => {
    morph.addSeed(parts.seed.value)
    parts.seed.value = ""
  })
  parts.easing.addEventListener("change", () => morph.set("easing", parts.easing.value))
  parts.pace.addEventListener("change", () => morph.set("pace", parts.pace.value))
  parts.rate.addEventListener("change", () => morph.set("fps", Number(parts.rate.value)))
  parts.length.addEventListener("change", () => seconds(morph))
  parts.file.addEventListener("change", () => {
    morph.import(parts.file.files[0])
    parts.file.value = "" // the same file may come again
  })
  for (const chip of parts.ways) click(chip, () => morph.set("way", chip.dataset.way))
  for (const form of parts.forms) click(form, () => morph.export(form.dataset.form))
  const loop = () => morph.set("loop", !morph.walk.settings.loop)
  click(parts.play, () => player.toggle())
  click(parts.addSeed, () => morph.addSeed())
  parts.picture.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return // in a tab of its own
    event.preventDefault()
    visit(parts.picture.href)
  })
  click(parts.shuffle, () => morph.shuffle())
  click(parts.loop, loop)
  click(parts.soft, () => morph.soften())
  click(parts.open, () => parts.file.click())
  morph.listen({
    arrow: (dx, dy, tenfold, since) => arrow(morph, seek, dx || dy, tenfold, since),
    digit: (digit) => digit && morph.addMark(digit - 1),
    s: () => morph.addSeed(),
    r: () => morph.shuffle(),
    w: () => morph.set("way", WAYS[(WAYS.indexOf(morph.walk.settings.way) + 1) % WAYS.length]),
    l: loop,
    n: () => (parts.near.open = !parts.near.open),
    p: () => morph.soften(),
    e: () => morph.export("mp4"),
    Home: () => seek(-Infinity),
    End: () => seek(Infinity),
    // Keys that a focused control has a use for are left to it.
    get " "() {
      return document.activeElement?.closest("button") ? undefined : () => player.toggle()
    },
    get Delete() {
      return strip.focused() < 0 ? undefined : () => strip.remove(strip.focused())
    },
  })
  return dropping(morph)
}

/** An arrow walks along the strip where a key picture has the focus, else along the path. */
function arrow({ strip }, seek, by, tenfold, since) {
  const place = strip.focused()
  if (place < 0) return seek(tenfold ? 10 * by : by, since)
  if (tenfold) strip.move(place, place + by)
  else strip.focus(place + by)
}

/** @param {import("./index.js").Morph} morph */
function seconds(morph) {
  const [least, most] = morph.limits.seconds
  const given = Number(morph.parts.length.value)
  if (given >= least && given <= most) return morph.set("seconds", given)
  morph.say(`A path takes ${least} to ${most} seconds.`)
  morph.parts.length.value = morph.walk.settings.seconds
}

/**
 * Take a path file that is dropped anywhere on the page.
 *
 * @param {import("./index.js").Morph} morph
 */
function dropping(morph) {
  const over = (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault()
  const drop = (event) => {
    if (!event.dataTransfer?.files.length) return
    event.preventDefault()
    morph.import(event.dataTransfer.files[0])
  }
  window.addEventListener("dragover", over)
  window.addEventListener("drop", drop)
  return () => {
    window.removeEventListener("dragover", over)
    window.removeEventListener("drop", drop)
  }
}

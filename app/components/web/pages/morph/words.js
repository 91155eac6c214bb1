// What Morph says: captions, button states, the clock, and in plain words why a path stays on the manifold.

import { button, element } from "../../ui/element.js"
import { norm } from "../../latent/path.js"

const NAMES = { linear: "straight line", spherical: "great circle", "norm-preserving": "norm-preserving path" }

export class Words {
  /** @param {import("./index.js").Morph} morph */
  constructor(morph) {
    this.morph = morph
  }

  /** What depends on the model alone. */
  fill() {
    const { parts, models, walk } = this.morph
    const { card } = walk
    parts.model.replaceChildren(
      ...models.map(({ name, title }) => element("option", { value: name, selected: name === card.name }, title)),
    )
    parts.text.textContent = parts.text.title = card.text
    parts.liveWords.textContent =
      `Each frame is ${card.bounds ? "the decoded mean of" : "decoded from"} a latent between two keys, ` +
      "computed now. The model learnt to draw from latents like these, so every picture on the way is one " +
      "of the kind it knows."
    parts.fadeWords.textContent =
      "The same two keys laid over each other. Half way, both show through: the mean of two pictures is " +
      "no picture of anything."
    this.marks()
  }

  /** Which bookmarks of Explore can be added. */
  marks() {
    const { parts, saving } = this.morph
    const marks = saving?.marks() ?? []
    const add = (mark, place) =>
      mark &&
      button(`+ Bookmark ${place + 1}`, `Add bookmark ${place + 1} of Explore (${place + 1})`, {
        onclick: () => this.morph.addMark(place),
      })
    parts.marks.replaceChildren(...marks.map(add).filter(Boolean))
  }

  /** What depends on the path. */
  path() {
    const { parts, walk } = this.morph
    const { way, easing, pace, loop, seconds, fps } = walk.settings
    for (const chip of parts.ways) chip.setAttribute("aria-pressed", chip.dataset.way === way)
    parts.loop.setAttribute("aria-pressed", loop)
    Object.assign(parts.easing, { value: easing })
    Object.assign(parts.pace, { value: pace })
    if (document.activeElement !== parts.length) parts.length.value = seconds
    parts.rate.value = fps
    parts.scrub.max = walk.frames
    parts.empty.hidden = walk.ready
    for (const part of [parts.play, parts.scrub, ...(this.going ? [] : parts.forms)]) part.disabled = !walk.ready
    this.moment(this.morph.player.time)
    this.playing()
  }

  playing() {
    const { parts, player } = this.morph
    parts.play.textContent = player.playing ? "Pause" : "Play"
  }

  moment(time) {
    const { parts, walk } = this.morph
    const { seconds } = walk.settings
    parts.scrub.value = time * walk.frames
    const at = `${(time * seconds).toFixed(1)} / ${seconds} s`
    if (parts.clock.textContent === at) return
    parts.clock.textContent = at
    parts.scrub.setAttribute("aria-valuetext", `${(time * seconds).toFixed(1)} of ${seconds} seconds`)
  }

  /** What the plot shows, said: for those who cannot see it, and for those who ask what it means. */
  plot() {
    const { parts, walk, plot } = this.morph
    const { shell, latent } = walk.card
    const said = walk.ready ? this.reading() : ""
    const what = shell
      ? `Nine in ten draws of a standard normal in ${latent} dimensions lie ${shell[0].toFixed(1)} to ` +
        `${shell[2].toFixed(1)} from the middle: the shell.`
      : "This model has no prior, so there is no shell; the grey band is where nine in ten codes of " +
        "held-out pictures lie."
    const inner =
      shell && plot.codes && plot.codes[2] < shell[1]
        ? " Codes of pictures are means, without the posterior's noise, and lie further in."
        : ""
    const drawn = walk.keys.map(({ origin }) => origin.truncation ?? 1)
    const below =
      walk.ready && drawn.every((each) => each < 1)
        ? ` The keys are draws that were truncated to ${Math.max(...drawn)}: typical pictures, nearer to the middle.`
        : ""
    parts.plotWords.textContent = `${what} ${said}${inner}${below}`
    parts.plot.setAttribute("aria-label", parts.plotWords.textContent)
  }

  reading() {
    const { walk, plot } = this.morph
    const band = walk.card.shell ?? plot.codes
    const [low, high] = plot.span
    const path = `The ${NAMES[walk.settings.way]} goes from |z| = ${low.toFixed(1)} to ${high.toFixed(1)}`
    if (!band) return `${path}.`
    const where = walk.card.shell ? "the shell" : "that band"
    const lowest = Math.min(band[0], ...walk.keys.map(({ z }) => norm(z)))
    const dips = low < 0.95 * lowest ? ": between its keys it dips to where the model has seen few latents" : ""
    return `${path}${dips}; ${Math.round(100 * plot.within(band))} % of the way lies within ${where}.`
  }

  busy(going) {
    this.going = going
    const { parts, walk } = this.morph
    for (const form of parts.forms) form.disabled = going || !walk.ready
  }
}

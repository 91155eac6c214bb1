// The gauge: how strange a picture is to a model, where its card can tell; where the error stands among those of its
// own test pictures, which alone tells nothing of the kind; and the bound's terms.

import { element } from "../../source/parts.js"
import { grey, nats, rank } from "../../pixels/measure.js"

const OUTSIDE = 0.99
const UNUSUAL = 0.95
const TRUSTED = 0.9 // mean area under the curve from which on words are made of it
const APART = 0.8 // kinds below are named: they are not told apart

export class Gauge {
  /**
   * `held` has the quantiles of test pictures, by figure; `told` says how well kinds of strange pictures were told from
   * them; `part` names the levels that alone are decoded, as the figures do, "" for all.
   *
   * @param {Record<string, number[]>} [held]
   * @param {{areas: Record<string, [number, number, number]>, protocol: string} | null} [told]
   */
  constructor(held = {}, told = null, part = "") {
    const { strangeness } = held
    this.held = held
    this.strangeness = strangeness
    this.told = told
    this.part = part
    this.trusted = told !== null && mean(told.areas) >= TRUSTED
    const known = this.trusted && strangeness
    this.needle = element("i", {})
    this.scale = element("div", { class: "zt-rec-scale", role: "img", hidden: true }, this.needle)
    this.verdict = element("p", { class: "zt-rec-words zt-rec-verdict", title: told ? protocol(told) : "" })
    this.trust = element(
      "p",
      { class: "zt-rec-words zt-rec-trust", hidden: true, title: told ? protocol(told) : "" },
      known ? trust(told) : "",
    )
    this.words = element(
      "p",
      { class: "zt-rec-words" },
      held.mse ? "" : "No gauge: this model's card has no errors of its test set.",
    )
    this.element = element("div", { class: "zt-rec-gauge" }, this.scale, this.verdict, this.trust, this.words)
  }

  /** Say nothing: there is no picture yet, or none that is to be judged. */
  clear() {
    this.scale.hidden = this.trust.hidden = true
    this.verdict.textContent = ""
    if (this.held.mse) this.words.textContent = ""
    this.element.classList.remove("zt-rec-outside")
    delete this.element.dataset.rank
  }

  /**
   * Judge the error of a reconstruction by the errors of such, and the strangeness of a picture whose whole mean was
   * decoded; `texture` and `turned` are what its texture and its being upside down have in it.
   *
   * @param {number} error
   * @param {{drawn?: boolean, strangeness?: number, texture?: number, turned?: number}} [of]
   */
  show(error, { drawn, strangeness, texture = 0, turned = 0 } = {}) {
    this.clear()
    this.compare(error, drawn)
    if (!this.trusted || !this.strangeness || strangeness === undefined) return
    const part = rank(strangeness, this.strangeness)
    const text = verdict(part, reason(strangeness, texture, turned))
    this.needle.style.left = `${100 * part}%`
    this.element.dataset.rank = part.toFixed(3)
    this.element.classList.toggle("zt-rec-outside", part >= OUTSIDE)
    this.verdict.textContent = text
    this.scale.hidden = this.trust.hidden = false
    this.scale.setAttribute("aria-label", text)
  }

  /** Rank an error among those of test pictures that were rebuilt from the same part of the code, drawn or not. */
  compare(error, drawn) {
    const { held, part } = this
    if (!held.mse) return
    const such = held[`mse${part}${drawn ? ", draw" : ""}`]
    const code = part && ` ${drawn ? "of" : "from"} ${part.slice(2)}`
    const how = (drawn ? " by a draw" : "") + code
    this.words.textContent = such
      ? sentence(rank(error, such), how)
      : `Not judged: the card has no errors of test pictures rebuilt${how}.`
  }
}

/**
 * What an error is among those of test pictures, which alone does not tell strange pictures: an even sheet is rebuilt
 * best.
 */
export function sentence(part, how = "") {
  const than =
    part >= 1
      ? "worse than every one"
      : part <= 0
        ? "better than every one"
        : `better than ${Math.round(100 * (1 - part))} %`
  return `Pixel error: rebuilt${how} ${than} of its own test pictures${how && " so rebuilt"}.`
}

/** What more than half of a strangeness comes from. */
export function reason(strangeness, texture, turned) {
  if (2 * texture > strangeness) return "by its texture"
  return 2 * turned > strangeness ? "by how well it is rebuilt upside down" : "by its code and error"
}

function verdict(part, by) {
  const percent = Math.floor(100 * part)
  if (part >= 1) return `Strange ${by}: more so than every one of its own test pictures.`
  if (part >= OUTSIDE) return `Strange ${by}: more so than ${percent} % of its own test pictures.`
  if (part >= UNUSUAL) return `Unusual ${by}: more so than ${percent} % of its own test pictures.`
  return `Not strange, as far as this is measured: ${100 - percent} % of its own test pictures are more so.`
}

/** How far the verdict can be trusted. */
function trust(told) {
  const kinds = Object.entries(told.areas)
  const poor = kinds.filter(([, [value]]) => value < APART).map(([kind]) => kind)
  const share = `In ${Math.round(100 * mean(told.areas))} of 100 pairs with a test picture, the strange one was told.`
  return poor.length ? `${share} Poorly told: ${poor.join(", ")}.` : share
}

function protocol(told) {
  const areas = Object.entries(told.areas).map(([kind, [value]]) => `${kind} ${value.toFixed(3)}`)
  return `AUROC by kind: ${areas.join(", ")}. ${told.protocol}`
}

const mean = (areas) => Object.values(areas).reduce((sum, [value], _, all) => sum + value / all.length, 0)

/** The bound in its two terms, as bars of one scale: means of draws of the posterior, with their standard errors. */
export class Bound {
  /** `draws` is how many; `over` what the model's likelihood is over: "binary", "bytes" or "density". */
  constructor({ draws, over }) {
    this.draws = draws
    this.over = over
    this.element = element("div", { class: "zt-rec-bound", hidden: true })
  }

  /** Show the terms of a picture, ImageData. */
  show({ rate, distortion, errors }, seen) {
    const most = Math.max(Math.abs(distortion), Math.abs(rate), 1e-9)
    const bar = (name, value, error, title) =>
      element(
        "div",
        { title, class: value < 0 ? "zt-rec-term zt-rec-negative" : "zt-rec-term" },
        element("span", {}, name),
        element("b", {}, nats(value, error)),
        element("i", { style: `--part: ${Math.abs(value) / most}` }),
      )
    const no = grey(this.over, seen)
    const [sign, head, title] = no ? [1, "cross-entropy + rate", NO_LIKELIHOOD] : [-1, "ELBO", BOUND]
    const [name, about] = no ? ["cross-entropy", CROSS_ENTROPY] : ["distortion", DISTORTION]
    const closed = !(errors.rate > 1e-4)
    const draws = `mean of ${this.draws} draws of the latent, ± its standard error`
    this.element.hidden = false
    this.element.replaceChildren(
      element("p", { title: `${title}; ${draws}` }, `${head} ${nats(sign * (distortion + rate), errors.elbo)} nats`),
      bar(name, distortion, errors.distortion, `${about}; ${draws}`),
      bar(
        "rate",
        rate,
        errors.rate,
        closed ? `${RATE}: KL(q‖p), in closed form` : `${RATE}: log q(z|x) − log p(z), ${draws}`,
      ),
    )
  }
}

const BOUND = "A lower bound on the log-likelihood of what the model saw: minus distortion, minus rate"
const NO_LIKELIHOOD =
  "What the model saw has grey pixels, and it knows a likelihood only of black and white ones: this is " +
  "no bound on that of the picture"
const DISTORTION = "−log p(x|z): how badly the picture is explained; below zero where a density exceeds one"
const CROSS_ENTROPY =
  "How badly the grey pixels are explained, each taken for the chance that it is white: a cross-entropy, no likelihood"
const RATE = "Nats that the latent tells about this picture"

// The gauge: where an error stands among the errors that the model makes on pictures of its own test set; and the bound's terms.

import { element } from "./parts.js"
import { grey, nats, rank } from "./measure.js"

const OUTSIDE = 0.99

export class Gauge {
  constructor(quantiles) {
    this.quantiles = quantiles
    this.needle = element("i", {})
    this.scale = element("div", { class: "zt-rec-scale", role: "img", hidden: !quantiles }, this.needle)
    this.words = element("p", { class: "zt-rec-words" }, quantiles ? "" : "No gauge: this model's card has no errors of its test set.")
    this.element = element("div", { class: "zt-rec-gauge" }, this.scale, this.words)
  }

  /** Say nothing: there is no error yet. */
  clear() {
    if (!this.quantiles) return
    this.scale.hidden = true
    this.words.textContent = ""
    this.element.classList.remove("zt-rec-outside")
    delete this.element.dataset.rank
  }

  show(error) {
    if (!this.quantiles) return
    const part = rank(error, this.quantiles)
    this.scale.hidden = false
    const text = sentence(part)
    this.needle.style.left = `${100 * part}%`
    this.element.dataset.rank = part.toFixed(3)
    this.element.classList.toggle("zt-rec-outside", part >= OUTSIDE)
    this.words.textContent = text
    this.scale.setAttribute("aria-label", text)
  }
}

/** What an error is among those of test pictures, which alone does not tell strange pictures: an even sheet is rebuilt best. */
export function sentence(part) {
  if (part >= 1) return "Pixel error: rebuilt worse than every one of its own test pictures."
  if (part <= 0) return "Pixel error: rebuilt better than every one of its own test pictures."
  return `Pixel error: rebuilt better than ${Math.round(100 * (1 - part))} % of its own test pictures.`
}

/** The bound in its two terms, as bars of one scale: means of draws of the posterior, with their standard errors. */
export class Bound {
  /** `draws` is how many; `over` what the model's likelihood is over: "binary", "bytes" or "density". */
  constructor({ draws, over }) {
    Object.assign(this, { draws, over })
    this.element = element("div", { class: "zt-rec-bound", hidden: true })
  }

  /** Show the terms of a picture, ImageData. */
  show({ rate, distortion, errors }, seen) {
    const most = Math.max(Math.abs(distortion), Math.abs(rate), 1e-9)
    const bar = (name, value, error, title) =>
      element("div", { title, class: value < 0 ? "zt-rec-term zt-rec-negative" : "zt-rec-term" }, element("span", {}, name), element("b", {}, nats(value, error)), element("i", { style: `--part: ${Math.abs(value) / most}` }))
    const no = grey(this.over, seen)
    const [sign, head, title] = no ? [1, "cross-entropy + rate", NO_LIKELIHOOD] : [-1, "ELBO", BOUND]
    const [name, about] = no ? ["cross-entropy", CROSS_ENTROPY] : ["distortion", DISTORTION]
    const closed = !(errors.rate > 1e-4)
    const mean = `mean of ${this.draws} draws of the latent, ± its standard error`
    this.element.hidden = false
    this.element.replaceChildren(
      element("p", { title: `${title}; ${mean}` }, `${head} ${nats(sign * (distortion + rate), errors.elbo)} nats`),
      bar(name, distortion, errors.distortion, `${about}; ${mean}`),
      bar("rate", rate, errors.rate, closed ? `${RATE}: KL(q‖p), in closed form` : `${RATE}: log q(z|x) − log p(z), ${mean}`),
    )
  }
}

const BOUND = "A lower bound on the log-likelihood of what the model saw: minus distortion, minus rate"
const NO_LIKELIHOOD = "What the model saw has grey pixels, and it knows a likelihood only of black and white ones: this is no bound on that of the picture"
const DISTORTION = "−log p(x|z): how badly the picture is explained; below zero where a density exceeds one"
const CROSS_ENTROPY = "How badly the grey pixels are explained, each taken for the chance that it is white: a cross-entropy, no likelihood"
const RATE = "Nats that the latent tells about this picture"

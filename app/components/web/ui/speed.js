// The read-out: pictures a second and where the milliseconds go. Its attributes serve tests and bench/drag.py.

import { element } from "./element.js"

/** The button that holds the read-out, and the text in it. */
export function statusButton() {
  const readout = element("span", { class: "zt-readout" })
  const status = element(
    "button",
    {
      type: "button",
      class: "zt-status",
      "data-testid": "live-status",
      title: "Speed of the live picture; click to hide or show",
      "data-frames": "0",
      "data-model": "",
      "data-z": "",
    },
    element("span", { class: "zt-lamp" }),
    readout,
  )
  return { status, readout }
}

export class Status {
  constructor(host, text) {
    this.host = host
    this.text = text
    this.times = []
    this.shown = 0
    host.addEventListener("click", () => host.classList.toggle("zt-hushed"))
  }

  drawn({ frames, model, z, ms, latency }) {
    this.host.dataset.frames = frames
    this.host.dataset.model = model
    this.host.dataset.z = z
    const now = performance.now()
    this.times = this.times.filter((time) => now - time < 1000)
    this.times.push(now)
    if (now - this.shown < 250 && this.times.length > 1) return
    this.shown = now
    this.text.textContent = this.sentence(ms, latency)
  }

  sentence({ queue, model, encode, network }, latency) {
    const rate = this.rate()
    const stages = [
      `network ${network.toFixed(1)}`,
      `queue ${queue.toFixed(1)}`,
      `model ${model.toFixed(1)}`,
      `encode ${encode.toFixed(1)}`,
    ]
    const whole = `${latency.toFixed(0)} ms from hand to picture: ${stages.join(" · ")}`
    return rate ? `${rate} pictures/s · ${whole}` : `${stages.join(" · ")} ms`
  }

  rate() {
    if (this.times.length < 3) return 0
    return Math.round((1000 * (this.times.length - 1)) / (this.times.at(-1) - this.times[0]))
  }
}

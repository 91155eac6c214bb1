// The read-out: pictures a second and where the milliseconds go. Its attributes serve tests and bench/drag.py.

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

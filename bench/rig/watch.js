// Runs in the page before anything else: notes when the hand moved and which picture was on the canvas when.
window.watch = {
  moves: [],
  start() {
    const status = document.querySelector("[data-testid=live-status]")
    const sliders = [...document.querySelectorAll("[data-testid=axis-slider]")]
    this.ranges = Object.fromEntries(sliders.map((s) => [s.dataset.axis, [Number(s.min), Number(s.max)]]))
    this.plane = document.querySelector("[data-testid=latent-plane]").getBoundingClientRect()
    Object.assign(this, {
      moves: [],
      inputs: [],
      latencies: [],
      drawn: 0,
      distinct: 0,
      hash: null,
      presented: null,
      going: true,
    })
    this.began = performance.now()
    this.observer = new MutationObserver(() => this.picture(status.dataset.z))
    this.observer.observe(status, { attributes: true, attributeFilter: ["data-frames"] })
    const refresh = () => {
      if (this.hash !== this.presented) this.distinct++
      this.presented = this.hash
      if (this.going) requestAnimationFrame(refresh)
    }
    requestAnimationFrame(refresh)
  },
  picture(text) {
    const now = performance.now()
    const z = text.split(",").map(Number)
    this.drawn++
    this.hash = this.read()
    const cause = this.causeOf(z)
    this.latencies.push(cause === null ? null : now - cause)
  },
  causeOf(z) {
    for (let i = this.inputs.length - 1; i >= 0; i--) {
      const { axis, value, time } = this.inputs[i]
      if (Math.abs(z[axis] - value) < 6e-5) return time
    }
    if (this.inputs.length) return null
    for (let i = this.moves.length - 1; i >= 0; i--) {
      const x = z.findIndex(
        (value, axis) =>
          Math.abs(value - this.zAt(axis, (this.moves[i].x - this.plane.left) / this.plane.width)) < 6e-5,
      )
      if (x >= 0) return this.moves[i].time
    }
    return null
  },
  zAt(axis, part) {
    const [low, high] = this.ranges[axis] ?? [0, 0]
    return low + part * (high - low)
  },
  read() {
    const canvas = document.querySelector("[data-testid=live-canvas]")
    const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)
    let hash = 0
    for (let i = 0; i < pixels.length; i += 37) hash = (Math.imul(hash, 31) + pixels[i]) | 0
    return hash
  },
  stop() {
    this.going = false
    this.observer.disconnect()
    return {
      seconds: (performance.now() - this.began) / 1000,
      drawn: this.drawn,
      distinct: this.distinct,
      latencies: this.latencies,
    }
  },
  // A page that shows its picture as <img>
  startImages() {
    this.drawn = 0
    this.began = performance.now()
    const observer = new MutationObserver(
      (changes) => (this.drawn += changes.some((c) => c.target.tagName === "IMG") ? 1 : 0),
    )
    observer.observe(document.body, { subtree: true, attributes: true, attributeFilter: ["src"] })
    this.observer = observer
  },
  stopImages() {
    this.observer.disconnect()
    return { seconds: (performance.now() - this.began) / 1000, drawn: this.drawn }
  },
  startRelease() {
    let up = null
    window.addEventListener("pointerup", (event) => (up = event.timeStamp), { once: true, capture: true })
    this.release = new Promise((resolve) => {
      const done = (event) => {
        if (event.target.tagName !== "IMG" || up === null) return
        document.removeEventListener("load", done, true)
        resolve(performance.now() - up)
      }
      document.addEventListener("load", done, true)
      setTimeout(() => resolve(null), 5000)
    })
  },
}
window.addEventListener(
  "pointermove",
  (event) => {
    window.watch.last = event.timeStamp
    window.watch.moves.push({ time: event.timeStamp, x: event.clientX, y: event.clientY })
  },
  true,
)
window.addEventListener(
  "input",
  (event) => {
    const { axis } = event.target.dataset
    if (axis !== undefined)
      window.watch.inputs?.push({ time: window.watch.last, axis: Number(axis), value: Number(event.target.value) })
  },
  true,
)

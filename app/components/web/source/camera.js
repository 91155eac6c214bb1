// The camera: its picture lies on the desk frame by frame, and stays as it is once it is held.

import { context2d } from "../pixels/canvas.js"
import { button, element } from "./parts.js"
import { lay, sheet, sourceState } from "./sourceState.js"

const LONGEST = 640 // pixels of a frame's longer side
const FORBIDDEN =
  "This browser gives no camera to a page opened over plain http from another machine. Open Zoetrope on " +
  "this machine, or over https."
const REASONS = {
  NotAllowedError: "The browser was not allowed to use the camera. Allow it beside the address, then start again.",
  NotFoundError: "No camera is connected. Connect one, then start again.",
  NotReadableError: "The camera is in use by another program. Close that, then start again.",
}

export class Camera {
  next = 0

  /** `on.changed()` hears of each frame, `on.laid()` of the first. */
  constructor(on) {
    this.on = on
    this.stream = null
    this.video = element("video", { muted: true, playsInline: true })
    this.run = button("Start the camera", "The pictures go to the engine of this Zoetrope and nowhere else", () =>
      this.toggle(),
    )
    this.says = element("p", { class: "zt-rec-says", role: "status" })
    this.panel = element("div", {}, element("div", { class: "zt-rec-line" }, this.run), this.says)
  }

  toggle() {
    if (this.stream) this.hold()
    else this.start()
  }

  async start() {
    if (!navigator.mediaDevices?.getUserMedia) return (this.says.textContent = FORBIDDEN)
    this.run.disabled = true
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { width: { ideal: LONGEST }, facingMode: "user" },
      })
      this.video.srcObject = this.stream
      await this.video.play()
      this.first()
    } catch (error) {
      this.stop()
      const { name } = /** @type {DOMException} */ (error)
      this.says.textContent = REASONS[name] ?? `The camera did not start (${name}). Try again.`
    }
    this.run.disabled = false
  }

  first() {
    if (!this.stream) return
    this.says.textContent = "Live. “Hold” keeps this very picture."
    this.run.textContent = "Hold"
    const { videoWidth, videoHeight } = this.video
    const scale = Math.min(1, LONGEST / Math.max(videoWidth, videoHeight))
    const [width, height] = [Math.round(videoWidth * scale), Math.round(videoHeight * scale)]
    const before = sourceState.sources.camera
    const canvas = sheet(width, height)
    context2d(canvas).drawImage(this.video, 0, 0, width, height)
    const source = lay("camera", canvas, { title: "Your camera", colour: true, live: true, query: {} })
    if (before?.canvas.width === width && before.canvas.height === height) source.crop = before.crop
    else source.crop.flip = true // as in a mirror; the switch says so
    this.on.laid()
    this.follow()
  }

  follow() {
    if (!this.stream) return
    const { canvas } = sourceState.sources.camera
    context2d(canvas).drawImage(this.video, 0, 0, canvas.width, canvas.height)
    this.on.changed()
    this.next = requestAnimationFrame(() => this.follow())
  }

  /** Keep the picture that is there. */
  hold() {
    this.stop()
    this.says.textContent = "Held."
    this.on.changed()
  }

  stop() {
    cancelAnimationFrame(this.next)
    this.stream?.getTracks().forEach((track) => track.stop())
    if (this.stream && sourceState.sources.camera) sourceState.sources.camera.live = false
    this.stream = this.video.srcObject = null
    this.run.textContent = sourceState.sources.camera ? "Start again" : "Start the camera"
  }
}

// Lecture mode: full screen and large type, until its button, its key or Escape ends it.

export class Lecture {
  /** `button` shows and switches it for all that is in `root`; `changed()` hears that sizes have changed. */
  constructor(root, button, changed = () => {}) {
    this.root = root
    this.button = button
    this.changed = changed
    this.follow = () => this.set(document.fullscreenElement === root)
    document.addEventListener("fullscreenchange", this.follow)
    button.addEventListener("click", () => this.toggle())
  }

  toggle() {
    const on = !this.root.classList.contains("zt-lecture")
    this.set(on)
    if (on)
      this.root.requestFullscreen?.().catch(() => {}) // a browser that refuses still shows the large type
    else if (document.fullscreenElement) document.exitFullscreen()
  }

  set(on) {
    this.root.classList.toggle("zt-lecture", on)
    this.button.setAttribute("aria-pressed", on)
    this.changed()
  }

  close() {
    document.removeEventListener("fullscreenchange", this.follow)
  }
}

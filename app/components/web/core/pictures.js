// Pictures of a person's own, kept on the server beside the view of this tab; app/server/kept.py answers.
//
// Whoever composes a view asks for each picture's name. One that is not kept yet has none, is sent, and `changed` tells
// that the view can be composed anew. A server that is away is asked again until it answers.

import { context2d } from "../pixels/canvas.js"
import { token } from "./token.js"

const PAUSES = [300, 1000, 3000, 10000] // milliseconds between two attempts

/**
 * @typedef {object} Picture
 * @property {HTMLCanvasElement} canvas
 * @property {string} title
 * @property {{name: string, token: string}} [kept] under which name, in which tab
 * @property {string} [keeping] the token of the tab that is sending it
 */

export class KeptPictures {
  /** `changed()` hears that a picture is kept now, `say(sentence)` of one that is not. */
  constructor(page, { changed, say }) {
    this.address = new URL("kept", page).href
    this.changed = changed
    this.say = say
  }

  /**
   * The name under which a picture is kept; undefined where it is not yet, or cannot be.
   *
   * @param {Picture} picture
   */
  name(picture) {
    const { kept } = picture
    if (kept && kept.token === token.value) return kept.name
    if (picture.keeping !== token.value) this.send(picture)
    return undefined
  }

  async send(picture) {
    picture.keeping = token.value
    const headers = { "Zoetrope-Token": token.value }
    const body = await new Promise((done) => picture.canvas.toBlob(done, "image/png"))
    const {
      picture: name,
      error,
      trouble,
    } = await (await asked(this.address, { method: "POST", headers, body })).json()
    if (error) return this.say(`“${picture.title}” cannot be kept and is lost with a reload: it ${error}`)
    picture.kept = { name, token: headers["Zoetrope-Token"] }
    if (trouble) this.say(trouble)
    this.changed()
  }

  /** The picture of a name on a canvas, as it was kept in this tab; null, and a word of it, where it has gone. */
  async load(name, title) {
    const answer = await asked(`${this.address}/${name}`, { headers: { "Zoetrope-Token": token.before } })
    if (answer.ok) return drawn(await answer.blob())
    this.say(`“${title}” is not kept on this machine any longer. Bring it again.`)
    return null
  }
}

async function asked(address, request) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await fetch(address, request)
    } catch {
      await new Promise((done) => setTimeout(done, PAUSES[Math.min(attempt, PAUSES.length - 1)]))
    }
  }
}

async function drawn(blob) {
  const image = await createImageBitmap(blob)
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height })
  context2d(canvas, { willReadFrequently: true }).drawImage(image, 0, 0)
  return canvas
}

// What another page has left for Morph: a gesture of Explore, which is a path of its own, or a latent of Reconstruct as
// a key.

import { reducedMotion } from "../../ui/element.js"
import { fits } from "../../latent/view.js"
import { SETTINGS } from "./walk.js"

/**
 * Take {model, keys, settings}: a path in the place of the present one, or keys at its end where there are no settings.
 *
 * @param {import("./index.js").Morph} morph
 */
export function receive(morph, { model, keys, settings }) {
  const card = morph.models.find(({ name }) => name === model)
  if (!card || !keys.every((key) => fits(key, card)))
    return morph.say(`What was left for Morph fits no model that is here: it is of ${model}.`, 9000)
  if (model !== morph.walk.card.name) morph.pick(model)
  if (settings) replace(morph, { ...SETTINGS, ...settings, keys })
  else append(morph, keys)
}

/** @param {import("./index.js").Morph} morph */
function replace(morph, path) {
  const { walk, player } = morph
  const before = walk.toFile()
  const put = (other) => {
    morph.draws.drop()
    walk.take(other)
    player.time = 0
    morph.changed()
  }
  put(path)
  if (!reducedMotion()) player.play()
  const back = before.keys.length ? { text: "Back to the path before", act: () => put(before) } : null
  morph.say(`The recorded gesture is open: ${path.keys.length} key pictures in ${path.seconds} seconds.`, 12000, back)
}

/** @param {import("./index.js").Morph} morph */
function append(morph, keys) {
  const { walk, player } = morph
  if (!morph.room()) return
  walk.keys.push(...keys)
  morph.changed()
  if (walk.ready) player.seek(walk.path.timeOf(walk.keys.length - 1))
  morph.say(`Added as the last key picture: ${keys.at(-1).origin.name}.`, 8000)
}

// Which button and which key does what.

import { listen } from "../../core/keys.js"
import { copy, linkTo, python } from "../../core/share.js"

/** Connect an explorer's controls; returns how to let go of the keys. */
export function wire(explorer) {
  const { parts, gestures, toggles, bookmarks, levels, motion, recorder } = explorer
  const help = () => (parts.help.open ? parts.help.close() : parts.help.showModal())
  const click = (part, act) => part.addEventListener("click", () => act())
  parts.model.addEventListener("change", () => explorer.ask(parts.model.value))
  parts.seed.addEventListener("input", () => (gestures.typing = true))
  parts.seed.addEventListener("change", () => gestures.take())
  parts.seed.addEventListener("blur", () => ((gestures.typing = false), gestures.paint()))
  parts.truncation.addEventListener("input", (event) => gestures.truncate(event.timeStamp))
  parts.truncation.addEventListener("change", () => explorer.settled())
  for (const choice of [parts.across, parts.up]) choice.addEventListener("change", () => gestures.turnPlane())
  click(parts.random, () => gestures.random())
  click(parts.nudge, () => gestures.nudge())
  click(parts.undo, () => gestures.travel(-1))
  click(parts.redo, () => gestures.travel(1))
  click(parts.reset, () => gestures.reset())
  click(parts.record, () => recorder.toggle())
  click(parts.morph, () => recorder.send())
  click(parts.soft, () => toggles.soften())
  click(parts.heating, () => toggles.heat())
  click(parts.dots, () => toggles.dot())
  click(parts.keys, help)
  click(parts.link, () => share(explorer.notice, "Link", linkTo(explorer.page, explorer.view.query())))
  click(parts.python, () => share(explorer.notice, "Python", python(explorer.view)))
  return listen(explorer.root, {
    arrow: (...press) => motion.arrow(...press),
    arrowEnd: () => explorer.settleSoon(),
    digit: (digit) => (digit ? bookmarks.go(digit - 1) : gestures.reset()),
    r: () => gestures.random(),
    n: () => gestures.nudge(),
    u: () => gestures.travel(-1),
    redo: () => gestures.travel(1),
    l: () => levels.next(),
    k: () => bookmarks.add(),
    g: () => recorder.toggle(),
    h: () => toggles.heat(),
    d: () => toggles.dot(),
    p: () => toggles.soften(),
    f: () => explorer.lecture.toggle(),
    "?": help,
  })
}

async function share(notice, what, text) {
  if (await copy(text)) notice.say(`${what} copied.`)
  else notice.say(text, 30000)
}

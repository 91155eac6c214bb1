// Which button and which key does what.

import { copy, linkTo, python } from "../../core/share.js"

/**
 * Connect an explorer's controls.
 *
 * @param {import("./index.js").Explorer} explorer
 */
export function wire(explorer) {
  const { parts, commands, toggles, bookmarks, levels, motion, recorder } = explorer
  const click = (part, act) => part.addEventListener("click", () => act())
  parts.model.addEventListener("change", () => explorer.ask(parts.model.value))
  parts.seed.addEventListener("input", () => (commands.typing = true))
  parts.seed.addEventListener("change", () => commands.take())
  parts.seed.addEventListener("blur", () => ((commands.typing = false), commands.paint()))
  parts.truncation.addEventListener("input", (event) => commands.truncate(event.timeStamp))
  parts.truncation.addEventListener("change", () => explorer.settled())
  for (const choice of [parts.across, parts.up]) choice.addEventListener("change", () => commands.turnPlane())
  click(parts.random, () => commands.random())
  click(parts.nudge, () => commands.nudge())
  click(parts.undo, () => commands.travel(-1))
  click(parts.redo, () => commands.travel(1))
  click(parts.reset, () => commands.reset())
  click(parts.record, () => recorder.toggle())
  click(parts.morph, () => recorder.send())
  click(parts.soft, () => toggles.soften())
  click(parts.heating, () => toggles.heat())
  click(parts.dots, () => toggles.dot())
  click(parts.link, () => share(explorer.toasts, "Link", linkTo(explorer.page, explorer.view.query())))
  click(parts.python, () => share(explorer.toasts, "Python", python(explorer.view)))
  explorer.listen({
    arrow: (...press) => motion.arrow(...press),
    arrowEnd: () => explorer.settleSoon(),
    digit: (digit) => (digit ? bookmarks.go(digit - 1) : commands.reset()),
    r: () => commands.random(),
    n: () => commands.nudge(),
    u: () => commands.travel(-1),
    redo: () => commands.travel(1),
    l: () => levels.next(),
    k: () => bookmarks.add(),
    g: () => recorder.toggle(),
    h: () => toggles.heat(),
    d: () => toggles.dot(),
    p: () => toggles.soften(),
  })
}

async function share(toasts, what, text) {
  if (await copy(text)) toasts.say(`${what} copied.`)
  else toasts.say(text, 30000)
}

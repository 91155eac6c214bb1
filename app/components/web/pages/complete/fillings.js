// Several drawings of one region, side by side; the chosen one is on the board.

import { element } from "../../ui/element.js"
import { Board } from "../../pixels/board.js"

const SIDE = 96 // CSS pixels

export class Fillings {
  /** `on.chosen(i)` hears which one a person wants on the board. */
  constructor(host, on) {
    this.host = host
    this.on = on
    this.boards = []
  }

  open({ card, seeds }, chosen) {
    if (this.boards.length !== seeds.length) {
      const tile = (_, i) =>
        element(
          "button",
          {
            type: "button",
            class: "zt-cpl-filling",
            title: `Filling ${i + 1} on the board`,
            onclick: () => this.on.chosen(i),
          },
          element("canvas", {}),
          element("small", {}),
        )
      const tiles = seeds.map(tile)
      this.host.replaceChildren(...tiles)
      this.boards = tiles.map((each) => new Board(each.firstChild))
    }
    this.boards.forEach((board, i) => {
      board.fit(card.shape, SIDE)
      const { parentElement: tile, nextSibling: label } = board.canvas
      label.textContent = `seed ${seeds[i]}`
      tile.ariaLabel = `Filling ${i + 1}, seed ${seeds[i]}`
    })
    this.mark(chosen)
  }

  mark(chosen) {
    this.boards.forEach(({ canvas }, i) => canvas.parentElement.setAttribute("aria-pressed", i === chosen))
  }

  paint(drawing) {
    const veiled = (pixel) => drawing.hidden[pixel] && pixel >= drawing.at
    this.boards.forEach((board, i) => board.paint(drawing.pictures[i], drawing.card.shape, veiled))
  }
}

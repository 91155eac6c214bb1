// What Morph shows: a model, and of each that was shown its path as it is kept. It outlives a change of page.

import { stateOf } from "../../core/state.js"
import rows from "./state.json" with { type: "json" }

export const state = stateOf("morph", rows)

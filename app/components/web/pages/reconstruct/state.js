// What Reconstruct shows beside the picture on the desk: switches, kinds of pictures that are folded away, by model the
// class that it is told and how far its search has come. It outlives a change of page.

import { stateOf } from "../../core/state.js"
import rows from "./state.json" with { type: "json" }

export const state = stateOf("reconstruct", rows)

// What Explore shows, as its link and what is kept hold it; `views` are the links of the models as they were left. It
// outlives a change of page.

import { stateOf } from "../../core/state.js"
import rows from "./state.json" with { type: "json" }

export const state = stateOf("explore", rows)

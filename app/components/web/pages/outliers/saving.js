// What of Outliers is kept: the row, with a person's own pictures, and whose address that was.

import { asked, loaded, told } from "../../source/saving.js"
import { linked, state } from "./state.js"

/** The part of the view that holds the row; nothing until what was kept before is back. */
export function composed(pictures) {
  if (!state.loaded) return {}
  const query = linked()
  return { outliers: { ...state.kept(), row: state.laid.map((source) => told(source, pictures)), query } }
}

/** Whether the address says nothing else than what was kept. */
export function fits(kept) {
  const address = [...new URLSearchParams(window.location.search)]
  return Boolean(kept) && address.every(([name, value]) => kept.query[name] === value)
}

/** Lay out the row that was kept. */
export async function restore(kept, loading, pictures) {
  const one = async (each) => (each.picture ? loaded(each, pictures) : sampled(each, loading))
  const row = []
  for (const each of kept.row) row.push(each && (await one(each)))
  state.restore(kept)
  state.set({ laid: row.filter(Boolean), loaded: true })
  if (!row.every(Boolean)) state.judged = -1
}

async function sampled({ source, crop }, loading) {
  const [made] = await loading.all([asked(source)])
  return made && { ...made, crop }
}

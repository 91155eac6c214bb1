// What of the desk is kept: a person's own pictures, where others came from, and how all of them are cropped.

import { token } from "../core/token.js"
import { source as laid, work } from "./sourceState.js"

const ABOUT = ["title", "hint", "notes", "faces", "fit", "room", "colour", "crop"]

/** A picture as the view holds it; null for one that is live, or not kept yet. */
export function told(source, pictures) {
  const { query, live, crop } = source
  if (query?.source) return { source: query.source, crop }
  const picture = live ? undefined : pictures.name(source)
  return picture ? { picture, ...Object.fromEntries(ABOUT.map((field) => [field, source[field]])) } : null
}

/** A person's own picture, laid out as it was kept; null where it has gone. */
export async function recalled({ picture, ...about }, pictures) {
  const canvas = await pictures.recall(picture, about.title)
  return canvas && { ...laid(canvas, { ...about, query: {} }), kept: { name: picture, token: token.before } }
}

/** The part of the view that holds the desk; nothing until what was kept before is back. */
export function composed(pictures) {
  if (!work.recalled) return {}
  const sources = Object.entries(work.sources).map(([kind, source]) => [
    kind,
    kind === "draw" ? { crop: source.crop } : told(source, pictures),
  ])
  return { desk: { kind: work.kind, sources: Object.fromEntries(sources.filter(([, kept]) => kept)) } }
}

/** Bring back what was kept of the desk, once; what a person has laid there since stays. */
export async function restore(desk, pictures) {
  if (work.recalled) return
  for (const [kind, kept] of Object.entries(desk?.sources ?? {})) {
    if (kind === "draw") work.sources.draw.crop = kept.crop
    else if (kept.source) work.crops[kept.source] = kept.crop
    const source = kept.picture && (await recalled(kept, pictures))
    if (source) work.sources[kind] ??= source
  }
  work.kind ??= desk?.kind ?? null
  work.recalled = true
}

/**
 * What an address would ask for to have a source back, as app/views/reconstruct.py reads it.
 *
 * @returns {import("./sources.js").Asked | null}
 */
export function asked(source = "") {
  const [kind, name, seed] = source.split(":")
  if (kind === "bundled") return { kind: "shelf", name }
  return kind === "sample" ? { kind, model: name, seed: Number(seed) } : null
}

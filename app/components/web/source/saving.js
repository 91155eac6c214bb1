// What of the desk is kept: a person's own pictures, where others came from, and how all of them are cropped.

import { token } from "../core/token.js"
import { source as laid, sourceState } from "./sourceState.js"

const ABOUT = ["title", "hint", "notes", "faces", "fit", "room", "colour", "crop"]

/** A picture as the view holds it; null for one that is live, or not kept yet. */
export function told(source, pictures) {
  const { query, live, crop } = source
  if (query?.source) return { source: query.source, crop }
  const picture = live ? undefined : pictures.name(source)
  return picture ? { picture, ...Object.fromEntries(ABOUT.map((field) => [field, source[field]])) } : null
}

/** A person's own picture, laid out as it was kept; null where it has gone. */
export async function loaded({ picture, ...about }, pictures) {
  const canvas = await pictures.load(picture, about.title)
  return canvas && { ...laid(canvas, { ...about, query: {} }), kept: { name: picture, token: token.before } }
}

/** The part of the view that holds the desk; nothing until what was kept before is back. */
export function composed(pictures) {
  if (!sourceState.loaded) return {}
  const sources = Object.entries(sourceState.sources).map(([kind, source]) => [
    kind,
    kind === "draw" ? { crop: source.crop } : told(source, pictures),
  ])
  return { desk: { kind: sourceState.kind, sources: Object.fromEntries(sources.filter(([, kept]) => kept)) } }
}

/** Bring back what was kept of the desk, once; what a person has laid there since stays. */
export async function restore(desk, pictures) {
  if (sourceState.loaded) return
  for (const [kind, kept] of Object.entries(desk?.sources ?? {})) {
    if (kind === "draw") sourceState.sources.draw.crop = kept.crop
    else if (kept.source) sourceState.crops[kept.source] = kept.crop
    const source = kept.picture && (await loaded(kept, pictures))
    if (source) sourceState.sources[kind] ??= source
  }
  sourceState.kind ??= desk?.kind ?? null
  sourceState.loaded = true
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

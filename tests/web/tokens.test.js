import assert from "node:assert/strict"
import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

const APP = join(import.meta.dirname, "../../app")
const TOKENS = "components/web/ui/tokens.css"
const SCALED = /(?<![\w-])(font-size|border(?:-\w+){0,2}-radius|(?:row-|column-)?gap|font)\s*:\s*([^;}"\n]*)/g
const SIZE = /(?<![\w.-])\d*\.?\d+(?:px|r?em|%|pt|vw|vh|ch)/

const files = readdirSync(APP, { recursive: true, encoding: "utf8" }).filter((path) => /\.(css|js|py)$/.test(path))
const read = (path) => readFileSync(join(APP, path), "utf8")
const tokens = new Set(read(TOKENS).match(/--[\w-]+(?=:)/g))

/** What of a text names a size of type, a radius or a gap that is none of the scales'. */
const raw = (text) => [...text.matchAll(SCALED)].filter(([, , value]) => SIZE.test(value)).map(([whole]) => whole)

test("a size that is none of the scales is found", () => {
  const found = raw(".a { gap: 0 4px; font: 600 12px/1.4 x; border-top-left-radius: 50% } .b { font-size:.9em }")
  assert.deepEqual(found.length, 4)
  assert.deepEqual(raw(".a { gap: 0 var(--gap-1); font: inherit; border-radius: 0; padding: 3px; gap-x: 3px }"), [])
})

test("type, radii and gaps come from the scales alone", () => {
  const strange = files
    .filter((path) => path !== TOKENS)
    .flatMap((path) => raw(read(path)).map((one) => `${path}: ${one}`))
  assert.deepEqual(strange, [])
})

test("every step of a scale is used, and none that there is not", () => {
  const used = new Set(
    files.flatMap((path) => read(path).match(/(?<=var\()--(?:type|radius|gap|hairline)[\w-]*/g) ?? []),
  )
  assert.deepEqual([...used].sort(), [...tokens].sort())
})

import assert from "node:assert/strict"
import { readFileSync, readdirSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { test } from "node:test"

const WEB = join(import.meta.dirname, "../../app/components/web")
const IMPORT = /^(?:import|export)\s(?:[^"]*?\sfrom\s)?"(\.[^"]+)"/gm

/** What each folder may import beside its own; a page has a folder of its own. */
const MAY = {
  vendor: [],
  pixels: [],
  charts: ["pixels"],
  ui: ["pixels"],
  core: ["ui", "pixels", "vendor"],
  latent: ["core", "ui", "pixels"],
  source: ["core", "ui", "pixels"],
  pages: ["core", "ui", "pixels", "charts", "latent", "source"],
}

const folder = (path) => path.split("/").slice(0, path.startsWith("pages/") ? 2 : 1)
const files = readdirSync(WEB, { recursive: true, encoding: "utf8" })
const modules = files.filter((path) => /\.(js|json)$/.test(path))

function* imports() {
  for (const path of modules) {
    for (const [, target] of readFileSync(join(WEB, path), "utf8").matchAll(IMPORT)) {
      yield [path, relative(WEB, join(WEB, dirname(path), target))]
    }
  }
}

test("a page imports no other page, and a folder only what lies below it", () => {
  const all = [...imports()]
  assert.ok(all.length > modules.length, "imports were found")
  const wrong = all.filter(([from, to]) => {
    const [own, other] = [folder(from), folder(to)]
    return own.join() !== other.join() && !MAY[own[0]].includes(other[0])
  })
  assert.deepEqual(wrong, [])
})

test("every import is there, and every module is imported or is a page's own entry", () => {
  const all = [...imports()]
  assert.deepEqual(
    all.filter(([, to]) => !modules.includes(to)),
    [],
  )
  const used = new Set(all.map(([, to]) => to))
  const entries = (path) => path === "core/access.js" || /^pages\/\w+\/index\.js$/.test(path)
  assert.deepEqual(
    modules.filter((path) => !used.has(path) && !entries(path)),
    [],
  )
})

// What finds faults; how the code is laid out is prettier's part.

import js from "@eslint/js"
import globals from "globals"

const rules = {
  "array-callback-return": "error",
  eqeqeq: ["error", "always", { null: "ignore" }],
  "max-len": ["error", { code: 120 }],
  "no-constant-binary-expression": "error",
  "no-promise-executor-return": "off",
  "no-self-compare": "error",
  "no-shadow": "error",
  "no-template-curly-in-string": "error",
  "no-unmodified-loop-condition": "error",
  "no-unreachable-loop": "error",
  "no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
  "no-unused-vars": ["error", { args: "after-used", argsIgnorePattern: "^_", ignoreRestSiblings: true }],
  "no-use-before-define": ["error", { functions: false, classes: false, variables: false }],
  "no-var": "error",
  "object-shorthand": "error",
  "prefer-const": ["error", { destructuring: "all" }],
  "require-atomic-updates": "off",
}

export default [
  // A virtual environment holds large bundles of other projects
  { ignores: [".*/**", "node_modules/**", "app/components/web/vendor/**"] },
  js.configs.recommended,
  { files: ["app/components/web/**/*.js", "bench/**/*.js"], languageOptions: { globals: globals.browser }, rules },
  { files: ["tests/web/**/*.js", "*.js"], languageOptions: { globals: globals.node }, rules },
]

// What can be asked of a model. Written by docs/verbs.py from engine/inference/verbs.py.

export const MAX_OPERATIONS = 16 // of one message
export const MAX_ROWS = 1024 // of all operations of one message
export const MAX_STEPS = 25 // of one inversion

// Fields with the shape of an array of float32 that follows the first, and its name; in this order
export const FOLLOWING = { latent: "z", state: "state", losses: "losses", apart: "distance", chances: "chances" }

/** @typedef {number | number[]} Each one for all rows, or one for each */
/**
 * What is asked of one model.
 *
 * @typedef {{ model: string } & (
 *   | { verb: "decode", rows: number, y?: Each, columns?: number }
 *   | { verb: "reconstruct", rows: number, y?: Each, columns?: number, seed?: Each, terms?: boolean }
 *   | { verb: "distance", rows: number }
 *   | { verb: "invert", rows: number, steps: number, y?: Each, columns?: number }
 *   | { verb: "latents", seeds: number[], truncation?: number }
 *   | { verb: "posterior" }
 *   | { verb: "directions" }
 *   | { verb: "wall", seeds: number[], y?: Each, columns?: number, truncation?: number }
 *   | { verb: "pictures", seeds: number[], y?: Each, columns?: number }
 *   | { verb: "points", seeds: number[], truncation?: number }
 *   | { verb: "nearest", rows: number, neighbours?: number, columns?: number }
 *   | { verb: "complete", rows: number, first: number, last: number, seed: Each, y?: Each, terms?: boolean }
 *   | { verb: "surprise", rows: number, y?: Each }
 *   | { verb: "receptive", rows: number, first: number, y?: Each }
 *   | { verb: "masks" }
 *   | { verb: "classify", rows: number }
 *   | { verb: "score", rows: number, y?: Each }
 * )} Operation
 */

/**
 * What one model answers; a field that its verb does not give is not there.
 *
 * @typedef {object} Result
 * @property {string} model
 * @property {string} verb
 * @property {ArrayBuffer} payload the first array
 * @property {number[]} shape of the first array
 * @property {string} format "float32", or of pictures "raw", "jpeg" or "webp"
 * @property {number} columns pictures to a row of the sheet
 * @property {number} [bytes]
 * @property {string} [error] why there is no answer
 * @property {import("./wire.js").Timing} [ms]
 * @property {Float32Array} [z] (n, latent)
 * @property {boolean} [drawn] (n)
 * @property {number[]} [y] (n)
 * @property {(number | null)[]} [rate] (n)
 * @property {(number | null)[]} [distortion] (n)
 * @property {(number | null)[]} [rate_error] (n)
 * @property {(number | null)[]} [distortion_error] (n)
 * @property {(number | null)[]} [elbo_error] (n)
 * @property {(number | null)[]} [strangeness] (n)
 * @property {(number | null)[]} [texture] (n)
 * @property {(number | null)[]} [turned] (n)
 * @property {Float32Array} [state] (n, 3 · latent + 1)
 * @property {Float32Array} [losses] (n, steps)
 * @property {boolean} [labels] (m)
 * @property {any[]} [directions] (bytes)
 * @property {Float32Array} [distance] (n, neighbours)
 * @property {Float32Array} [chances] (n, last − first, channel, levels)
 * @property {any[]} [masks] (bytes)
 * @property {(number | null)[]} [log_prob] (n)
 * @property {(number | null)[]} [elbo] (n)
 * @property {(number | null)[]} [file_bits] (n)
 */

// Canvases to draw on.

/**
 * The 2D context of a canvas.
 *
 * @param {HTMLCanvasElement | OffscreenCanvas} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {CanvasRenderingContext2D & OffscreenCanvasRenderingContext2D}
 */
export function context2d(canvas, settings) {
  const context = canvas.getContext("2d", settings)
  if (!context) throw new Error("This browser does not let a canvas be drawn on.")
  return /** @type {any} */ (context)
}

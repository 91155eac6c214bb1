// Canvases to draw on.

/** Pixels of a canvas for each CSS pixel: as many as the screen has, but no more than anybody sees. */
export const density = () => Math.min(window.devicePixelRatio || 1, 2)

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

// Small models as the pages are told of them, for tests.

export const axis = (more = {}) => ({
  low: -2,
  high: 2,
  kl: null,
  spread: 0,
  deviation: 1,
  collapsed: false,
  name: "",
  ...more,
})

export function card(latent, more = {}) {
  return {
    name: "toy",
    latent,
    classes: [],
    levels: [],
    axes: Array.from({ length: latent }, () => axis()),
    reach: 2,
    middle: Array(latent).fill(0),
    home: { z: Array(latent).fill(0), y: null },
    first: { seed: null, keys: [], truncation: 1 },
    ...more,
  }
}

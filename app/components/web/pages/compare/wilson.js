// Wilson's interval for a share: E. B. Wilson, J. Am. Stat. Assoc. 22 (1927).

const Z = 1.959964 // 95 %

export function wilson(share, count) {
  if (!count) return [0, 1]
  const scale = 1 + (Z * Z) / count
  const middle = share + (Z * Z) / (2 * count)
  const half = Z * Math.sqrt((share * (1 - share)) / count + (Z * Z) / (4 * count * count))
  return [Math.max(0, (middle - half) / scale), Math.min(1, (middle + half) / scale)]
}

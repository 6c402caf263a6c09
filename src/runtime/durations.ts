const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
// The expression begins anew at each digit; nobody writes more.
const LONGEST = 400

/**
 * Milliseconds of a duration such as `250ms`, `90s`, `10m`, `12h`, `7d`, `2w`, or `1d12h`; a bare number counts seconds.
 * Returns null for anything else.
 */
export function parseDuration(text: string): number | null {
  const clean = text.trim().toLowerCase()
  if (clean.length > LONGEST) return null
  if (/^\d+(\.\d+)?$/.test(clean)) return Math.round(Number(clean) * UNITS.s)
  const parts = [...clean.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g)]
  if (parts.length === 0 || clean.replace(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)/g, '').trim() !== '') return null
  const total = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS[unit as keyof typeof UNITS], 0)
  return Math.round(total)
}

/** How Go, in which Neon's control plane is written, prints a time in UTC: `2026-06-04 00:25:59 +0000 UTC`. */
export function goTime(milliseconds: number): string {
  const [date = '', clock = ''] = new Date(milliseconds).toISOString().split('T')
  const [seconds = '', fraction = ''] = clock.replace('Z', '').split('.')
  const tail = fraction.replace(/0+$/, '')
  return `${date} ${seconds}${tail ? `.${tail}` : ''} +0000 UTC`
}

/** How Go prints a duration of whole seconds: `6h0m0s`, `1m30s`, `45s`. */
export function goDuration(seconds: number): string {
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  const left = `${seconds % 60}s`
  if (hours > 0) return `${hours}h${minutes}m${left}`
  return minutes > 0 ? `${minutes}m${left}` : left
}

/** What Go's `strconv.ParseBool` takes for true and false; undefined for anything else. */
export function goBoolean(text: string): boolean | undefined {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined
}

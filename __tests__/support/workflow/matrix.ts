type Values = Record<string, unknown>

/**
 * The legs of a matrix, as GitHub makes them: every combination, without those of `exclude`; an entry of `include` adds to
 * each combination that it does not contradict, else it is a leg of its own. Without a matrix one leg without values.
 */
export function matrixLegs(matrix: unknown): Values[] {
  if (typeof matrix !== 'object' || matrix === null) return [{}]
  const { include = [], exclude = [], ...dimensions } = matrix as { include?: Values[]; exclude?: Values[] } & Values
  let legs: Values[] = Object.keys(dimensions).length > 0 ? [{}] : []
  for (const [name, values] of Object.entries(dimensions)) {
    legs = legs.flatMap((leg) =>
      (Array.isArray(values) ? values : [values]).map((value) => ({ ...leg, [name]: value })),
    )
  }
  legs = legs.filter((leg) => !exclude.some((unwanted) => agrees(leg, unwanted)))
  const originals = legs.map((leg) => ({ ...leg }))
  for (const extra of include) {
    const fitting = originals.flatMap((original, index) => {
      const clashes = Object.entries(extra).some(([key, value]) => key in original && original[key] !== value)
      return clashes ? [] : [index]
    })
    if (fitting.length === 0) legs.push({ ...extra })
    for (const index of fitting) Object.assign(legs[index] ?? {}, extra)
  }
  return legs.length > 0 ? legs : [{}]
}

function agrees(leg: Values, pattern: Values): boolean {
  return Object.entries(pattern).every(([key, value]) => leg[key] === value)
}

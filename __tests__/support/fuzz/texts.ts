import fc from 'fast-check'
import { nastySql } from '../nasty-sql.ts'
import { compare, compareErrors, cutOffSql, mutatedSql } from './splitter.ts'

/** What came of comparing texts, each for its statements and for its errors. */
export interface TextsCompared {
  texts: number
  /** How many PostgreSQL's parser reads, and the statements in them. */
  parsed: number
  statements: number
  /** How many its scanner refuses because a quote or a comment has no end, and for another reason. */
  unterminated: number
  otherErrors: number
  different: unknown[]
}

/** None yet. */
export function emptyTexts(): TextsCompared {
  return { texts: 0, parsed: 0, statements: 0, unterminated: 0, otherErrors: 0, different: [] }
}

/** Compares so many texts with PostgreSQL's parser and scanner: half valid, some damaged, the rest cut off. */
export function compareTexts(count: number, seed: number): TextsCompared {
  const text = fc.oneof(
    { weight: 5, arbitrary: nastySql },
    { weight: 2, arbitrary: mutatedSql },
    { weight: 3, arbitrary: cutOffSql },
  )
  const sources = fc.sample(text, { numRuns: count, seed })
  const statements = compare(sources)
  const errors = compareErrors(sources)
  const other = errors.kinds.get('other') ?? 0
  return {
    texts: count,
    parsed: statements.inputs,
    statements: statements.statements,
    unterminated: count - other - (errors.kinds.get('none') ?? 0),
    otherErrors: other,
    different: [...statements.different, ...errors.different],
  }
}

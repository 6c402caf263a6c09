/** Whether a value may be shown, as the file itself has it. */
type Knows = (value: string) => boolean

/**
 * Messages of class 22 (data exceptions) as the server words them, in three parts: text, the value, text. The parts around the
 * value stay, with the names of types, columns and fields in them. A value can have quotes in it, so only what is anchored at both
 * ends tells where it stops.
 */
const DATA_EXCEPTIONS = [
  /^(invalid input syntax for type .+?: ")(.*)(")$/s,
  /^(invalid input value for enum .+?: ")(.*)(")$/s,
  /^(malformed [a-z]+ literal: ")(.*)(")$/s,
  /^(date\/time field value out of range: ")(.*)(")$/s,
  /^((?:timestamp|date|interval) out of range: ")(.*)(")$/s,
  /^(value ")(.*)(" is out of range for type [\w ]+)$/s,
  /^(")(.*)(" is out of range for type [\w ]+)$/s,
  /^(invalid value ")(.*)(" for "[A-Za-z0-9,.: ]{1,30}")$/s,
  /^(invalid value for parameter "[\w.]+": ")(.*)(")$/s,
  /^(invalid byte sequence for encoding "[\w-]+": )(.*)()$/s,
  /^(character with byte sequence )(.*)( in encoding "[\w-]+" has no equivalent in encoding "[\w-]+")$/s,
  /^(setval: value )(-?\d+)( is out of bounds for sequence ".*" \(-?\d+\.\.-?\d+\))$/s,
  /^(duplicate JSON (?:object )?key(?: value)?:? ")(.*)(")$/s,
]

/** Messages of class 22 that quote names alone. */
const NAMES_ONLY = [
  /^missing data for column "[^"]*"$/,
  /^nextval: reached (?:maximum|minimum) value of sequence "[^"]*" \(-?\d+\)$/,
  /^null value cannot be assigned to variable "[^"]*" declared NOT NULL$/,
  /^source string too short for "[^"]*" formatting field$/,
]

/**
 * A message of the server without row values: of class 22 the value becomes `…`, all else stays, as messages of other classes name
 * objects. What a file raises in its own words is of class P0, or known to quote something between its first and last quotes.
 */
export function messageWithoutValues(message: string, sqlstate: string, knows: Knows): string {
  if (!sqlstate.startsWith('22') || NAMES_ONLY.some((form) => form.test(message))) return message
  for (const form of DATA_EXCEPTIONS) {
    const [, before = '', value = '', after = ''] = form.exec(message) ?? []
    if (before !== '' || after !== '') return knows(value) ? message : `${before}…${after}`
  }
  return message.replace(/"(.*)"/s, (quoted, value: string) => (value && knows(value) ? quoted : '"…"'))
}

// A statement that EXECUTE made of values is one line or more, and the next line says so.
const EXECUTED = /^SQL statement "([\s\S]*?)"\n(?=PL\/pgSQL [^\n]* at (?:[^\n]*EXECUTE|RETURN QUERY|OPEN))/gm

/**
 * The context of an error without row values: the call stack is code, but its lines about COPY and JSON end with the row, a
 * statement that was put together may hold values, and parameters are values.
 */
export function whereWithoutValues(where: string, knows: Knows): string {
  const executed = where.replace(EXECUTED, (line: string, sql: string) => (knows(sql) ? line : 'SQL statement "…"\n'))
  const lines = executed.split('\n').filter((line) => !line.startsWith('JSON data'))
  return lines
    .map((line) => (line.startsWith('COPY ') ? line.replace(/: .*$/s, '') : line))
    .map((line) =>
      /^(?:unnamed portal|portal ".*") (?:with )?parameter/.test(line) ? line.replace(/(=|:) .*$/s, '$1 …') : line,
    )
    .join('\n')
}

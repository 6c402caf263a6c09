import type { StepTable } from './step-table.ts'

const LATER = 'or add it as NOT VALID now, mend the rows in the next file, and VALIDATE CONSTRAINT behind that'
const INPUT = 'set show_detail: true to see them'

/** Classes 21, 22, 23, 44 and P0: what a statement did to the rows. */
export const STEPS_OF_DATA: StepTable = {
  '20000': 'Add an ELSE to the CASE statement.',
  '21000': [
    {
      message: /cannot affect row a second time/,
      step: 'Take the rows that have the same key out of the source, for example with SELECT DISTINCT ON.',
    },
    'Make sure that the subquery gives one row, for example with LIMIT 1 or an aggregate.',
  ],
  '22000': 'Correct the value or the function call that the message names.',
  '22001': [
    {
      kind: /^alter\b/,
      step: 'Choose a length that the longest value fits into (select max(length(column))), or shorten the values first.',
    },
    'Shorten the value, or give the column a greater length or the type text.',
  ],
  '22003': 'Use a greater type (bigint, numeric), or correct the value.',
  '22004': 'Take the null out of the arguments, for example with coalesce().',
  '22005': 'Give the value the type that is asked for.',
  '22007': 'Write dates as YYYY-MM-DD, or convert them with to_date() and their own format.',
  '22008': 'Correct the date: month, day and hour must be in range; SET datestyle tells which comes first.',
  '22009': 'Use a time zone displacement between -15:59 and +15:59.',
  '22011': 'Correct the arguments of substring().',
  '22012': 'Write nullif(divisor, 0) as the divisor.',
  '22021': 'Save the file as UTF-8, or take the byte out: text has no byte zero.',
  '22023': 'Correct the argument or setting: the message says which one.',
  '22025': 'Double the backslash at the end of the LIKE pattern.',
  '22026': 'Cast to the length of the bit column first.',
  '22030': 'Give each key of the JSON object once.',
  '22032': 'Correct the JSON text.',
  '22033': 'Correct the index into the JSON array.',
  '2200H': 'Give the sequence a greater MAXVALUE, or its column the type bigint.',
  '2201B': 'Correct the regular expression.',
  '2201E': 'Take the logarithm of a number above zero only.',
  '2201F': 'Take the power or root of a number for which there is one.',
  '2201W': 'Use a LIMIT that is not negative.',
  '2201X': 'Use an OFFSET that is not negative.',
  '2202E': 'Give all parts of the array the same number of entries.',
  '22P01': 'Correct the calculation: the result is no number.',
  '22P02': [
    {
      kind: /^alter\b/,
      step: 'Correct the values that cannot be converted first, or write a USING that leaves them out (for example a CASE).',
    },
    { kind: /^copy\b/, step: 'Correct the row: its value does not fit the type of the column.' },
    {
      message: /enum/,
      step: 'Add the value with ALTER TYPE … ADD VALUE in an earlier file, or use one that is there.',
    },
    'Correct the value, or the type that it is converted to.',
  ],
  '22P03': 'Use the text format of COPY: the binary data does not fit the column.',
  '22P04': 'Correct the row of COPY: it needs as many fields as there are columns, and a tab between them.',
  '22P05': 'Use characters that the other encoding has, or a database with the encoding UTF8.',
  '23000': 'Correct the rows that break the constraint.',
  '23001': 'Delete or change the rows that point to this one first.',
  '23502': [
    {
      kind: /^alter .*\bset\b/,
      step: 'Fill the nulls first, with an UPDATE in front of this statement.',
    },
    { kind: /^alter .*\badd\b/, step: 'Give the new column a DEFAULT: the rows that are there need a value.' },
    { kind: /^copy\b/, step: 'Give the row a value for this column; \\N is null.' },
    'Give the column a value or a DEFAULT.',
  ],
  '23503': [
    {
      kind: /^alter\b/,
      step: `Delete or correct the rows whose reference leads nowhere in front of this statement, ${LATER}; ${INPUT}.`,
    },
    {
      kind: /^(?:delete|truncate|drop)\b/,
      step: 'Delete the rows that point to these first, or give the foreign key ON DELETE CASCADE or SET NULL.',
    },
    'Write the row that is pointed to first, or correct the reference.',
  ],
  '23505': [
    {
      kind: /^(?:create|alter|reindex)\b/,
      step: `Remove the duplicates in front of this statement (group by the columns, having count(*) > 1); ${INPUT}.`,
    },
    {
      kind: /^(?:insert|copy|with)\b/,
      step: 'Write ON CONFLICT DO NOTHING or DO UPDATE, or leave the row out; where a sequence is behind its table, set it with setval() first.',
    },
    'Change the statement so that no two rows get the same key.',
  ],
  '23514': [
    {
      message: /no partition of relation/,
      step: 'Make a partition for the row first, or a DEFAULT partition.',
    },
    {
      message: /default partition/,
      step: 'Move the rows that belong into the new partition out of the default one first.',
    },
    {
      kind: /^alter .*\b(?:add|validate)\b/,
      step: `Correct the rows that break the check in front of this statement, ${LATER}; ${INPUT}.`,
    },
    'Correct the value, or the check of the table.',
  ],
  '23P01': [
    { kind: /^alter\b/, step: `Remove the rows that exclude each other in front of this statement; ${INPUT}.` },
    'Correct the value: another row excludes it.',
  ],
  '44000': 'Write only rows that the view itself shows, or change its WITH CHECK OPTION.',
  P0000: 'Correct the function or block: the lines below the error say where it is.',
  P0001: 'The SQL itself raised this: see the RAISE in the file, function or trigger for what it wants.',
  P0002: 'Make sure that the query finds a row, or handle NO_DATA_FOUND.',
  P0003: 'Make sure that the query finds one row only, or handle TOO_MANY_ROWS.',
  P0004: 'An ASSERT of the SQL failed: see its condition for what must hold.',
}

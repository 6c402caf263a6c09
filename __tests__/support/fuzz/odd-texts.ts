// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of workflows and shells are what is wanted

import fc from 'fast-check'

/** Names that every object of JavaScript has from its prototype. */
export const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype']

const ODD_NUMBERS = [
  ...['0', '-0', '-1', '1e400', '-1e400', '1e21', '0x10', '1_000', '٣', '½', 'NaN', 'Infinity', '0.1', '9'.repeat(400)],
  ...['9007199254740993', '2147483648', '4294967296', '1,5', '1 2', '+1', '.5', '5.', '00000001', '1e-7'],
]

const ODD_MOMENTS = [
  ...['2026-13-45T99:99:99Z', '2026-01-31T12:00:00Z', '0000-00-00', '275760-09-13T00:00:00.001Z', 'never', 'now'],
  ...['30d', '1ms', '1d-1h', '-1d', '99999999999999999999w', '1.5.5h', '0', '2026-02-30T00:00:00Z', 'TZ', '0/0', '0/G'],
]

const ODD_PIECES = [
  ...['\0', '\u0001', '\u0007', '\u001b[31m', '\u007f', '\u0085', '\u2028', '\u2029', '\ufeff', '\u200b', '\u202e'],
  ...[
    '\r',
    '\n',
    '\r\n',
    '\t',
    '\v',
    '\f',
    '\ud800',
    '\udc00',
    '😀',
    'é',
    'e\u0301',
    'İ',
    'ß',
    '\u212a',
    'ﬁ',
    '\uffff',
  ],
  ...[
    '%',
    '%2',
    '%00',
    '%ff',
    '%25',
    '&',
    '&amp;',
    '\\',
    "'",
    '"',
    '`',
    '$',
    '$(id)',
    '${x}',
    '${{ x }}',
    ';',
    '|',
    '<',
  ],
  ...['::add-mask::x', '\n::set-output name=a::b', '##[error]x', '{', '}', '{number}', '{head_ref}', '{slug}', '{sha}'],
  ...[
    '{repository}',
    '{role.',
    '{db_url}',
    '*',
    '?',
    '**',
    '[',
    ']',
    '{a,b}',
    '!',
    '/',
    '//',
    '..',
    '../',
    '~',
    '@',
    '#',
  ],
  ...[
    ':',
    '=',
    ',',
    '-',
    '_',
    '.',
    ' ',
    '  ',
    'a',
    'A',
    '0',
    'null',
    'true',
    'undefined',
    'refs/heads/',
    '<not given>',
  ],
]

const LONGEST = 60_000
const repeated = fc
  .record({
    piece: fc.constantFrom(
      ...ODD_PIECES,
      'token: "',
      '1',
      '1.a',
      '{role.a.',
      'a,',
      'a\n',
      'a=b\n',
      'x=',
      '9',
      ' T',
      '/-',
    ),
    tail: fc.constantFrom('', 'x', '!', '\n', '*', 'Z'),
    length: fc.constantFrom(300, 3_000, LONGEST),
  })
  .map(({ piece, tail, length }) => piece.repeat(Math.ceil(length / piece.length)) + tail)

/** A text that somebody who wants to break a reader would write; some are tens of thousands of characters long. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...ODD_PIECES), { maxLength: 8 }).map((pieces) => pieces.join('')) },
  { weight: 2, arbitrary: fc.constantFrom(...ODD_NUMBERS, ...ODD_MOMENTS) },
  { weight: 2, arbitrary: fc.constantFrom(...PROTOTYPE_NAMES) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', ' ', '\n', '\u00a0', 'true', 'false', 'auto', 'none', 'off', '[]', '{}'),
  },
  { weight: 1, arbitrary: repeated },
)

/** Any value of JSON, most of the wrong type: keys of the prototype, numbers beyond bounds, deep and huge ones too. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: oddText },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(null, true, false, 0, -1, 0.5, 1e21, 1e308, -0, 2 ** 53, '', [], {}),
  },
  { weight: 2, arbitrary: fc.constantFrom<unknown>([[]], [null], { id: {} }, { ref: [] }, [1, 2], { length: 1e9 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...PROTOTYPE_NAMES), oddText)
      .map(([key, value]) => JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(50, 2_000).map((depth) => JSON.parse('['.repeat(depth) + ']'.repeat(depth))),
  },
)

import * as fc from 'fast-check'

/**
 * Generators of SQL that is valid and hard to split: real statements whose parts are joined by odd white space and
 * comments, with quotes, dollar quotes, function bodies, rules and names that look like keywords.
 */

const pick = (...values: string[]) => fc.constantFrom(...values)

/** White space and comments as they may stand between any two tokens; never empty. */
const gap = fc.oneof(
  { weight: 6, arbitrary: pick(' ', '  ', '\n', '\r\n', '\t', '\n\n', '\f', ' \v ', '\r') },
  {
    weight: 2,
    arbitrary: pick(
      ' -- no; end\n',
      " -- it's\r\n",
      '\n-- "open\n',
      ' -- $$ /*\n',
      ' /* ; */ ',
      '/* it\'s /* nested; */ " $a$ */',
      '/**/',
      ' /* -- */ ',
      '/* 😀; ключ */',
      '--\n',
      ' --;;\r ',
    ),
  },
)

const name = fc.oneof(
  { weight: 4, arbitrary: pick('a', 'b', 'e', 'x', 'n', 'u', 'users', 'Orders', '_t1', 'app.users', 'a$b$c$b$') },
  {
    weight: 2,
    arbitrary: pick('"end"', '"a;b"', '"a""b"', '"it\'s"', '"case".";"', 'U&"d\\0061t\\+000061;"', 'u&"x""y;"'),
  },
  {
    weight: 1,
    arbitrary: pick('таблица', '名前', 'é$1', '"😀;"', 'begin', 'atomic', 'function', 'stdin', 'end_', 'K'),
  },
)

const literal = fc.oneof(
  pick("'plain'", "''", "'it''s; done'", "'--'", "'/* ; '", "'back\\'", "'$$'", "'a'\n  'b; c'", "'a' \r\n\t'b'"),
  pick("E'it\\'s; done'", "e'\\\\'", "E'a''b\\';'", "E'a'\n'b\\';'", "E'\\n;'", "E'\\u0041;'"),
  pick("U&'\\0041;'", "u&'d\\+000061''; '", "B'0101'", "b'1'", "X'1Ff'", "x''", "N'n;'", "n'x'';'"),
  pick('$$ ; $$', '$$it\'s; "$$', '$a$ $$;$$ $b$ $a$', '$é$;$é$', '$_1$ $_1 ; $_2$ $_1$', '$$$$', '$q$--\n;/*$q$'),
  pick('1', '1e5', '1.5E-3', '.5', '5.', '5.e1', '0x1F', '0o17', '0b101', '1_000', '1_0.2_5e1_0', '$1', '$12'),
  pick('null', 'true', 'current_date', "date '2024-01-01;'", "interval '1;' day", 'json \'{"a": 1;}\''),
)

const operator = pick(
  ...['+', '-', '*', '/', '%', '<', '>', '=', '<>', '!=', '<=', '||', '->', '->>', '#>', '#>>', '@>', '<@', '~*', '!~'],
  ...['^', '&', '|', '#', '?', '?|', '@-', '~~*', '&&', '-|-', '<->', '=>>', '@@', '*<>', '+*/'],
)

type Tokens = fc.Arbitrary<string[]>

/** A sequence of tokens from words (split at spaces) and other generators. */
function seq(...parts: (string | fc.Arbitrary<string> | Tokens)[]): Tokens {
  const arbitraries = parts.map((part): Tokens => {
    if (typeof part === 'string') return fc.constant(part.split(' ').filter(Boolean))
    return (part as fc.Arbitrary<string | string[]>).map((value) => (typeof value === 'string' ? [value] : value))
  })
  return fc.tuple(...arbitraries).map((lists) => lists.flat())
}

function list(item: Tokens, between: string, { min = 1, max = 3 } = {}): Tokens {
  return fc
    .array(item, { minLength: min, maxLength: max })
    .map((items) => items.flatMap((tokens, index) => (index > 0 ? [between, ...tokens] : tokens)))
}

const optional = (tokens: Tokens): Tokens => fc.oneof(fc.constant<string[]>([]), tokens)

const { expression, select } = fc.letrec<{ expression: string[]; select: string[] }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    seq(literal),
    seq(name),
    seq(tie('expression'), operator, tie('expression')),
    seq('(', tie('expression'), ')'),
    seq('(', tie('select'), ')'),
    seq('case when', tie('expression'), 'then', tie('expression'), 'else', tie('expression'), 'end'),
    seq('case', tie('expression'), 'when', literal, 'then', tie('expression'), 'end'),
    seq('coalesce (', tie('expression'), ',', tie('expression'), ')'),
    seq('array [', tie('expression'), ',', tie('expression'), ']'),
    seq('( a . b [ 1 : 2 ] ) :: text'),
    seq('cast (', tie('expression'), 'as numeric ( 1 , 0 ) )'),
    seq('exists (', tie('select'), ')'),
    seq('x . end'),
    seq('not (', tie('expression'), ')'),
  ),
  select: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    seq('select', tie('expression')),
    seq('select', tie('expression'), 'as', pick('end', 'case', 'begin', 'atomic', '"a;"', 'x')),
    seq('select (', tie('expression'), ')', pick('end', 'begin', 'atomic', 'y')),
    seq('select', tie('expression'), 'from', name, 'where', tie('expression')),
    seq('select begin atomic from', name),
    seq('with w as (', tie('select'), ') select * from w'),
    seq(tie('select'), 'union all', tie('select')),
    seq('values (', tie('expression'), ',', literal, ')'),
  ),
}))

const columns = list(
  fc.oneof(
    seq(name.filter(isColumn), 'int default (', expression, ')'),
    seq(name.filter(isColumn), 'text not null check (', expression, ')'),
    seq(name.filter(isColumn), 'int references', name),
  ),
  ',',
)

function isColumn(value: string): boolean {
  return !value.includes('.')
}

const insert = seq('insert into', name, '( a , b )', 'values (', expression, ',', literal, ')')
const update = seq('update', name, 'set a =', expression, optional(seq('where', expression)))
const remove = seq('delete from', name, optional(seq('where', expression)))
const change = fc.oneof(select, insert, update, remove)

const header = seq(
  'create',
  optional(seq('or replace')),
  'function',
  name,
  '( begin int default 1 , p text )',
  'returns',
  pick('int', 'begin', 'setof record', 'trigger'),
)

const atomicBody: Tokens = fc.letrec<{ body: string[] }>((tie) => ({
  body: seq(
    'begin atomic',
    fc
      .array(
        fc.oneof(
          { depthSize: 'small' },
          { weight: 6, arbitrary: seq(change, ';') },
          { weight: 1, arbitrary: seq(';') },
          { weight: 1, arbitrary: seq('return', expression, ';') },
          { weight: 1, arbitrary: seq(header, 'language sql', tie('body'), ';') },
          { weight: 1, arbitrary: seq('create rule r as on insert to', name, 'do also (', change, ';', change, ') ;') },
        ),
        { maxLength: 4 },
      )
      .map((statements) => statements.flat()),
    'end',
  ),
})).body

const plpgsql = pick(
  '$$ begin perform 1; end; $$',
  '$body$\nbegin\n  execute $x$ select 1; $x$;\nend\n$body$',
  "'begin perform ''a;b''; end'",
  "E'begin perform \\'a;\\'; end'",
  '$$ begin atomic; $$',
)

const schemaElement = fc.oneof(
  seq('create table t (', columns, ')'),
  seq('create view v as', select),
  seq('grant select on t to public'),
  seq('create sequence s'),
)

const statement: Tokens = fc.oneof(
  { weight: 6, arbitrary: change },
  { weight: 3, arbitrary: seq(header, 'language sql', optional(seq('immutable')), atomicBody) },
  { weight: 1, arbitrary: seq('create procedure', name, '( )', atomicBody) },
  { weight: 1, arbitrary: seq(header, 'language sql set search_path to begin , atomic return', expression) },
  { weight: 2, arbitrary: seq(header, 'language plpgsql as', plpgsql) },
  { weight: 2, arbitrary: seq('do', plpgsql) },
  { weight: 2, arbitrary: seq('create table', name, '(', columns, ')') },
  { weight: 1, arbitrary: seq('create table', name, 'as', select) },
  { weight: 1, arbitrary: seq('create or replace view', name, 'as', select) },
  {
    weight: 2,
    arbitrary: seq(
      'create',
      optional(seq('or replace')),
      'rule r as on',
      pick('insert', 'update', 'delete'),
      'to',
      name,
      optional(seq('where (', expression, ')')),
      'do also (',
      list(change, ';'),
      ')',
    ),
  },
  { weight: 1, arbitrary: seq('create rule r as on select to', name, 'do instead', select) },
  { weight: 1, arbitrary: seq('create schema begin', list(schemaElement, '', { max: 4 })) },
  { weight: 1, arbitrary: seq('create index concurrently on', name, '( (', expression, ') )') },
  { weight: 1, arbitrary: seq('create trigger t before insert on', name, 'execute function begin ( )') },
  { weight: 1, arbitrary: seq('alter table', name, 'add column c int default (', expression, ') , drop column d') },
  { weight: 1, arbitrary: seq('comment on table', name, 'is', pick("'a;b'", "E'\\';'", "U&'\\0041;'", "'a'\n'b;'")) },
  { weight: 1, arbitrary: seq("create type e as enum ( 'a;' , 'b' )") },
  { weight: 1, arbitrary: seq('prepare p ( int ) as', change) },
  { weight: 1, arbitrary: seq('explain ( analyze )', change) },
  { weight: 1, arbitrary: seq('create policy p on', name, 'using (', expression, ')') },
  {
    weight: 2,
    arbitrary: pick(
      ...['begin', 'start transaction', 'commit', 'end', 'end work', 'rollback to savepoint a', 'begin work'],
      ...['vacuum', "set a.b = 'x;'", 'reset all', 'copy a from stdin', 'discard all', 'release a', 'abort'],
    ).map((text) => text.split(' ')),
  },
  { weight: 1, arbitrary: fc.constant<string[]>([]) },
)

const TIGHT = /^[(),[\]]$/

/** Joins tokens with gaps; around parentheses, brackets and commas the gap may be missing. */
function joined(tokens: string[], gaps: string[]): string {
  return tokens
    .map((token, index) => {
      const previous = tokens[index - 1]
      if (previous === undefined) return token
      const between = gaps[(index * 7) % gaps.length] ?? ' '
      const tight = (TIGHT.test(token) || TIGHT.test(previous)) && between.length % 2 === 1
      return (tight ? '' : between) + token
    })
    .join('')
}

const gaps = fc.array(gap, { minLength: 5, maxLength: 23 })

/** A text of up to six statements, most of them valid to PostgreSQL 18. */
export const nastySql: fc.Arbitrary<string> = fc
  .record({
    statements: fc.array(statement, { minLength: 1, maxLength: 6 }),
    gaps,
    lead: fc.oneof(fc.constant(''), gap),
    tail: pick('', ';', '; ', ';\n-- end', ' /* end; */', ';;\r\n'),
  })
  .map(({ statements, gaps, lead, tail }) => {
    const between = (index: number) => gaps[index % gaps.length] ?? ' '
    const texts = statements.map((tokens) => joined(tokens, gaps))
    return (
      lead +
      texts.map((text, index) => (index > 0 ? `${between(index)};${between(index + 3)}` : '') + text).join('') +
      tail
    )
  })

/** Pieces that open, close or look like something. */
export const fragment: fc.Arbitrary<string> = fc.oneof(
  pick(
    ...[
      "'",
      '"',
      '$$',
      '$a$',
      '$',
      '/*',
      '*/',
      '--',
      '\n',
      '\r',
      ';',
      '(',
      ')',
      '[',
      ']',
      '\\',
      '\\.',
      "E'",
      "U&'",
      'U&"',
    ],
    ...[
      ' ',
      'begin atomic',
      'end',
      'case',
      'create function f()',
      'create',
      'copy t from stdin;\n',
      '1',
      '.',
      'e',
      '1e',
      '_',
    ],
    ...[
      'x',
      '\ufeff',
      '😀',
      'é',
      '\ud800',
      '-',
      '*',
      '/',
      '::',
      ':=',
      '$1',
      'begin',
      'atomic',
      '\v',
      '\0',
      '\u00a0',
      'or replace',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)

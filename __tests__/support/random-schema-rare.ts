import type { FactKind } from '../../src/model.ts'
import type { Other, Pick } from './random-schema.ts'

/** How to make an object of a kind that few schemas have: its SQL, its identity, and how it goes or changes. */
interface RareKind {
  kind: FactKind
  make(id: string, pick: Pick): { sql: string; id?: string; drop?: string; changes?: [string, string] } & Partial<Other>
}

/** A name without its schema, for what lives in none. */
const bare = (id: string) => id.slice('public.'.length)

export const RARE_KINDS: RareKind[] = [
  {
    kind: 'publication',
    make: (id) => ({
      sql: `create publication ${bare(id)}`,
      id: bare(id),
      changes: [
        `alter publication ${bare(id)} set (publish = 'insert')`,
        `alter publication ${bare(id)} set (publish = 'insert, update, delete, truncate')`,
      ],
    }),
  },
  {
    kind: 'subscription',
    make: (id) => ({
      sql: `create subscription ${bare(id)} connection 'password=secret-of-sub' publication p with (connect = false, slot_name = none, enabled = false, create_slot = false)`,
      id: bare(id),
      changes: [
        `alter subscription ${bare(id)} set (binary = true)`,
        `alter subscription ${bare(id)} set (binary = false)`,
      ],
    }),
  },
  {
    kind: 'collation',
    make: (id) => ({ sql: `create collation ${id} (locale = 'C')` }),
  },
  {
    kind: 'conversion',
    make: (id) => ({ sql: `create conversion ${id} for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8` }),
  },
  {
    kind: 'cast',
    make: (_id, pick) => {
      const name = `(integer as public.ct${1 + pick(8)})`
      return { sql: `create cast ${name} with inout`, id: name, drop: `drop cast ${name}` }
    },
  },
  {
    kind: 'operator',
    make: (_id, pick) => {
      const name = `public.${['===', '##', '<%%', '@@@', '&&&', '|=|', '<##>', '%%%'][pick(8)]}`
      return {
        sql: `create operator ${name} (leftarg = int, rightarg = int, function = public.eq)`,
        id: `${name}(integer,integer)`,
        drop: `drop operator ${name} (int, int)`,
        changes: [
          `alter operator ${name} (int, int) set (restrict = eqsel)`,
          `alter operator ${name} (int, int) set (restrict = none)`,
        ],
      }
    },
  },
  {
    kind: 'operator family',
    make: (id) => ({
      sql: `create operator family ${id} using btree`,
      id: `${id} using btree`,
      drop: `drop operator family ${id} using btree`,
      changes: [
        `alter operator family ${id} using btree add operator 1 pg_catalog.< (int, int)`,
        `alter operator family ${id} using btree drop operator 1 (int, int)`,
      ],
    }),
  },
  {
    kind: 'operator class',
    make: (id) => ({
      sql: `create operator class ${id} for type int using btree family pg_catalog.integer_ops as storage int`,
      id: `${id} using btree`,
      drop: `drop operator class ${id} using btree`,
    }),
  },
  {
    kind: 'text search parser',
    make: (id) => ({
      sql: `create text search parser ${id} (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype)`,
    }),
  },
  {
    kind: 'text search template',
    make: (id) => ({ sql: `create text search template ${id} (lexize = dsimple_lexize)` }),
  },
  {
    kind: 'text search dictionary',
    make: (id) => ({
      sql: `create text search dictionary ${id} (template = simple)`,
      changes: [`alter text search dictionary ${id} (accept = false)`, `alter text search dictionary ${id} (accept)`],
    }),
  },
  {
    kind: 'text search configuration',
    make: (id) => ({
      sql: `create text search configuration ${id} (copy = simple)`,
      changes: [
        `alter text search configuration ${id} drop mapping for email`,
        `alter text search configuration ${id} add mapping for email with simple`,
      ],
    }),
  },
  {
    kind: 'language',
    make: (id) => ({ sql: `create language ${bare(id)} handler plpgsql_call_handler`, id: bare(id) }),
  },
  {
    kind: 'access method',
    make: (id) => ({ sql: `create access method ${bare(id)} type table handler heap_tableam_handler`, id: bare(id) }),
  },
  {
    kind: 'transform',
    make: (_id, pick) => {
      const name = `for ${['integer', 'text', 'bigint', 'numeric', 'date', 'uuid', 'json', 'boolean'][pick(8)]} language plpgsql`
      return {
        sql: `create transform ${name} (from sql with function varchar_support(internal))`,
        id: name,
        drop: `drop transform ${name}`,
      }
    },
  },
  {
    kind: 'foreign data wrapper',
    make: (id) => ({
      sql: `create foreign data wrapper ${bare(id)}`,
      id: bare(id),
      changes: [
        `alter foreign data wrapper ${bare(id)} options (add a 'b')`,
        `alter foreign data wrapper ${bare(id)} options (drop a)`,
      ],
    }),
  },
  {
    kind: 'server',
    make: (id) => ({
      sql: `create server ${bare(id)} foreign data wrapper base`,
      id: bare(id),
      // The value is not shown, and compared all the same.
      changes: [
        `alter server ${bare(id)} options (add api_key 'secret-of-server')`,
        `alter server ${bare(id)} options (drop api_key)`,
      ],
    }),
  },
  {
    kind: 'user mapping',
    make: (_id, pick) => {
      const name = `for ${['reader', 'boss', 'public'][pick(3)]} server ${['base', 'base2', 'base3'][pick(3)]}`
      return {
        sql: `create user mapping ${name} options (password 'secret-of-mapping')`,
        id: name,
        drop: `drop user mapping ${name}`,
      }
    },
  },
  {
    kind: 'setting',
    make: (_id, pick) => {
      const [role, name] = [
        ['reader', 'boss'][pick(2)],
        ['work_mem', 'maintenance_work_mem', 'app.key', 'app.other'][pick(4)],
      ]
      const value = (text: string) => `alter role ${role} set ${name} = '${text}'`
      return {
        sql: value('1MB'),
        id: `role ${role} ${name}`,
        drop: `alter role ${role} reset ${name}`,
        changes: [value('2MB'), value('1MB')],
      }
    },
  },
]

import type { Fact, FileResult, Report, SchemaChange, SchemaSnapshot, TableCount } from '../../src/model.ts'
import { closedBody, renderComment, renderSummary } from '../../src/report/index.ts'

/** A column as a test writes it: `name type`, `!` for not null, and its key. */
type Column = [name: string, type: string, key?: 'PK' | 'FK' | 'UK']

/** Facts of a table as the catalog query would answer them; a type that ends in `!` is not null. */
export function tableFacts(table: string, columns: Column[], references: Record<string, string> = {}): Fact[] {
  const id = table.includes('.') ? table : `public.${table}`
  const facts: Fact[] = [{ kind: 'table', id, table: id, definition: 'table' }]
  columns.forEach(([name, typed, primary], index) => {
    const key: '' | 'PK' | 'FK' | 'UK' = primary ?? ''
    const type = typed.replace('!', '')
    const definition = typed.endsWith('!') ? `${type} not null` : type
    const column = { name, position: index + 1, type, key }
    facts.push({ kind: 'column', id: `${id}.${name}`, table: id, definition, column })
  })
  for (const [column, target] of Object.entries(references)) {
    facts.push({
      kind: 'constraint',
      id: `${id}.${id.split('.').at(-1)}_${column}_fkey`,
      table: id,
      definition: `FOREIGN KEY (${column}) REFERENCES ${target}(id) ON DELETE CASCADE`,
      references: target.includes('.') ? target : `public.${target}`,
    })
  }
  return facts
}

const users: Column[] = [
  ['id', 'bigint!', 'PK'],
  ['email', 'text!', 'UK'],
  ['name', 'text!'],
  ['created_at', 'timestamp with time zone!'],
]
const exercises: Column[] = [
  ['id', 'bigint!', 'PK'],
  ['title', 'text!'],
  ['description', 'text!'],
  ['difficulty', 'text!'],
  ['created_at', 'timestamp with time zone!'],
]
const submissions: Column[] = [
  ['id', 'bigint!', 'PK'],
  ['user_id', 'bigint!', 'FK'],
  ['exercise_id', 'bigint!', 'FK'],
  ['code', 'text!'],
  ['status', 'text!'],
  ['created_at', 'timestamp with time zone!'],
]
const events: Column[] = [
  ['id', 'bigint!', 'PK'],
  ['user_id', 'bigint!', 'FK'],
  ['event_type', 'text!'],
  ['event_data', 'jsonb!'],
  ['created_at', 'timestamp with time zone!'],
]
const struggles: Column[] = [
  ['id', 'bigint!', 'PK'],
  ['user_id', 'bigint!', 'FK'],
  ['exercise_id', 'bigint!', 'FK'],
  ['struggle_type', 'text!'],
  ['detected_at', 'timestamp with time zone!'],
]
const courses: Column[] = [
  ['id', 'bigint!', 'PK'],
  ['title', 'text!'],
  ['price', 'numeric(10,2)'],
]
const courseExercises: Column[] = [
  ['course_id', 'bigint!', 'FK'],
  ['exercise_id', 'bigint!', 'FK'],
  ['position', 'integer!'],
]

/** The bundled LearnFlow schema as the catalog shows it. */
export function learnflow(): SchemaSnapshot {
  const facts = [
    ...tableFacts('users', users),
    ...tableFacts('exercises', exercises),
    ...tableFacts('submissions', submissions, { user_id: 'users', exercise_id: 'exercises' }),
    ...tableFacts('learning_events', events, { user_id: 'users' }),
    ...tableFacts('struggles', struggles, { user_id: 'users', exercise_id: 'exercises' }),
  ]
  return { hash: 'a'.repeat(32), facts }
}

/** A file as it went, with what a test does not care about filled in. */
export function file(path: string, more: Partial<FileResult> = {}): FileResult {
  return {
    path,
    name: path.split('/').at(-1) ?? path,
    kind: 'once',
    state: 'applied',
    transactional: true,
    statements: 1,
    rows: [],
    locks: [],
    rewrites: [],
    notes: [],
    ...more,
  }
}

/** A row count, exact unless told. */
export function count(name: string, rows: number | null, more: Partial<TableCount> = {}): TableCount {
  return { schema: 'public', name, kind: 'table', rows, precision: 'exact', visibleOnly: false, bytes: 8192, ...more }
}

const CONSOLE = 'https://console.neon.tech/app/projects/lively-moon-12345678'
const SHA = '4f0c1d2e3a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d'

/** A run on pull request 42 with nothing to tell yet. */
export function baseReport(more: Partial<Report> = {}): Report {
  return {
    mode: 'preview',
    outcome: 'created',
    commentId: 'default',
    repository: 'octo/learnflow',
    sha: SHA,
    runUrl: 'https://github.com/octo/learnflow/actions/runs/9876543210',
    pullRequest: 42,
    project: { id: 'lively-moon-12345678', name: 'learnflow', created: false, consoleUrl: CONSOLE },
    branch: {
      id: 'br-quiet-leaf-a1b2c3d4',
      name: 'pr-42',
      created: true,
      parentName: 'main',
      consoleUrl: `${CONSOLE}/branches/br-quiet-leaf-a1b2c3d4`,
      expiresAt: '2026-12-07T10:00:00Z',
      readyMilliseconds: 1840,
    },
    database: { name: 'learnflow', role: 'learnflow_owner', host: 'ep-cool-dew-a1b2c3d4.eu-central-1.aws.neon.tech' },
    kubernetes: [],
    warnings: [],
    phases: [
      { name: 'Neon branch', milliseconds: 2310 },
      { name: 'Schema', milliseconds: 412 },
      { name: 'Report', milliseconds: 180 },
    ],
    ...more,
  }
}

const LEARNFLOW_FILES = ['0001_users', '0002_exercises', '0003_submissions', '0004_learning_events', '0005_struggles']

/** The first run on main: project, schema, Secret. */
export function firstProvision(): Report {
  const names = ['users', 'exercises', 'submissions', 'learning_events', 'struggles']
  return baseReport({
    mode: 'provision',
    outcome: 'provisioned',
    pullRequest: null,
    project: { id: 'lively-moon-12345678', name: 'learnflow', created: true, consoleUrl: CONSOLE },
    branch: {
      id: 'br-main-00000001',
      name: 'main',
      created: false,
      consoleUrl: `${CONSOLE}/branches/br-main-00000001`,
      readyMilliseconds: 2950,
    },
    schema: {
      source: 'learnflow (bundled)',
      files: LEARNFLOW_FILES.map((name, index) =>
        file(`sql/${name}.sql`, { statements: [2, 1, 3, 2, 3][index] ?? 1, milliseconds: 6 + index * 3 }),
      ),
      applied: 5,
      unchanged: 0,
      pending: 0,
      milliseconds: 148,
      warnings: [],
    },
    snapshot: learnflow(),
    tables: names.map((name) => count(name, 0, { bytes: 0 })),
    kubernetes: [
      { kind: 'Namespace', namespace: '', name: 'learnflow', action: 'created', keys: [] },
      {
        kind: 'Secret',
        namespace: 'learnflow',
        name: 'postgres-credentials',
        action: 'created',
        keys: ['DATABASE_URL', 'DATABASE_URL_POOLED'],
      },
    ],
  })
}

function added(kind: SchemaChange['kind'], id: string, table: string | null, after: string): SchemaChange {
  return { action: 'added', kind, id, table, after }
}

const PULL_CHANGES: SchemaChange[] = [
  added('table', 'public.courses', 'public.courses', 'table'),
  added('column', 'public.courses.id', 'public.courses', 'bigint generated always as identity not null'),
  added('column', 'public.courses.title', 'public.courses', 'text not null'),
  added('column', 'public.courses.price', 'public.courses', 'numeric(10,2)'),
  added('constraint', 'public.courses.courses_pkey', 'public.courses', 'PRIMARY KEY (id)'),
  added('table', 'public.course_exercises', 'public.course_exercises', 'table'),
  added('column', 'public.course_exercises.course_id', 'public.course_exercises', 'bigint not null'),
  added('column', 'public.course_exercises.exercise_id', 'public.course_exercises', 'bigint not null'),
  added('column', 'public.course_exercises.position', 'public.course_exercises', 'integer not null'),
  added(
    'index',
    'public.course_exercises_exercise_id_idx',
    'public.course_exercises',
    'CREATE INDEX course_exercises_exercise_id_idx ON public.course_exercises USING btree (exercise_id)',
  ),
  added('column', 'public.exercises.points', 'public.exercises', 'integer default 10 not null'),
  {
    action: 'changed',
    kind: 'column',
    id: 'public.learning_events.id',
    table: 'public.learning_events',
    before: 'integer not null',
    after: 'bigint not null',
  },
  {
    action: 'removed',
    kind: 'column',
    id: 'public.users.name',
    table: 'public.users',
    before: 'text not null',
  },
  added('column', 'public.users.display_name', 'public.users', 'text'),
  {
    action: 'changed',
    kind: 'enum',
    id: 'public.level',
    table: null,
    before: "enum ('beginner', 'advanced')",
    after: "enum ('beginner', 'intermediate', 'advanced')",
  },
]

const PULL_DIFF = `--- before
+++ after
@@ -0,0 +1,6 @@
+create table public.courses (
+    id bigint generated always as identity not null,
+    title text not null,
+    price numeric(10,2),
+    constraint courses_pkey PRIMARY KEY (id),
+);
@@ -9,4 +15,5 @@ create table public.exercises (
     description text default ''::text not null,
     difficulty text not null,
     created_at timestamp with time zone default now() not null,
+    points integer default 10 not null,
@@ -17,4 +24,4 @@
 create table public.learning_events (
-    id integer generated always as identity not null,
+    id bigint generated always as identity not null,
     user_id bigint not null,
     event_type text not null,
@@ -43,5 +50,5 @@
 create table public.users (
     id bigint generated always as identity not null,
     email text not null,
-    name text not null,
     created_at timestamp with time zone default now() not null,
+    display_name text,
`

/** A pull request that adds two tables, rewrites a large one and drops a column. */
export function pullRequest(): Report {
  const facts = [
    ...tableFacts('users', [...users.filter(([name]) => name !== 'name'), ['display_name', 'text']]),
    ...tableFacts('exercises', [...exercises, ['points', 'integer!']]),
    ...tableFacts('submissions', submissions, { user_id: 'users', exercise_id: 'exercises' }),
    ...tableFacts('learning_events', events, { user_id: 'users' }),
    ...tableFacts('struggles', struggles, { user_id: 'users', exercise_id: 'exercises' }),
    ...tableFacts('courses', courses),
    ...tableFacts('course_exercises', courseExercises, { course_id: 'courses', exercise_id: 'exercises' }),
  ]
  return baseReport({
    schema: {
      source: 'sql/',
      files: [
        ...LEARNFLOW_FILES.map((name) => file(`sql/${name}.sql`, { state: 'unchanged', statements: 0 })),
        file('sql/0006_courses.sql', {
          statements: 4,
          milliseconds: 21,
          rows: [{ table: 'public.courses', inserted: 12, updated: 0, deleted: 0 }],
          locks: [{ table: 'public.exercises', mode: 'SHARE ROW EXCLUSIVE' }],
        }),
        file('sql/0007_wide_event_ids.sql', {
          statements: 2,
          milliseconds: 8430,
          locks: [{ table: 'public.learning_events', mode: 'ACCESS EXCLUSIVE' }],
          rewrites: [
            { table: 'public.learning_events', kind: 'table', bytes: 1_288_490_188 },
            { table: 'public.learning_events_pkey', kind: 'index', bytes: 225_443_840 },
          ],
        }),
        file('sql/0008_display_name.sql', {
          statements: 3,
          milliseconds: 64,
          rows: [{ table: 'public.users', inserted: 0, updated: 1204, deleted: 0 }],
          locks: [{ table: 'public.users', mode: 'ACCESS EXCLUSIVE' }],
          notes: ['drops column `name`'],
        }),
      ],
      applied: 3,
      unchanged: 5,
      pending: 0,
      milliseconds: 8890,
      warnings: [],
    },
    diff: { changes: PULL_CHANGES, unified: PULL_DIFF },
    snapshot: { hash: 'b'.repeat(32), facts },
    tables: [
      count('learning_events', 20_000_000, { precision: 'estimate', bytes: 1_288_490_188 }),
      count('submissions', 48_120, { bytes: 14_680_064, change: 0 }),
      count('users', 1204, { bytes: 172_032, change: 0 }),
      count('exercises', 86, { bytes: 49_152, change: 0 }),
      count('struggles', 431, { bytes: 65_536, change: 0 }),
      count('courses', 12, { change: 12 }),
      count('course_exercises', 0, { bytes: 0, change: 0 }),
    ],
    kubernetes: [
      {
        kind: 'Secret',
        namespace: 'learnflow-pr-42',
        name: 'postgres-credentials',
        action: 'created',
        keys: ['DATABASE_URL'],
      },
    ],
  })
}

/** The same pull request, pushed again with a statement that fails. */
export function sqlError(): Report {
  return baseReport({
    outcome: 'failed',
    branch: {
      id: 'br-quiet-leaf-a1b2c3d4',
      name: 'pr-42',
      created: false,
      parentName: 'main',
      consoleUrl: `${CONSOLE}/branches/br-quiet-leaf-a1b2c3d4`,
    },
    schema: {
      source: 'sql/',
      files: [
        ...LEARNFLOW_FILES.map((name) => file(`sql/${name}.sql`, { state: 'unchanged', statements: 0 })),
        file('sql/0006_courses.sql', { statements: 4, milliseconds: 21 }),
        file('sql/0007_enrolments.sql', { state: 'failed', statements: 2, milliseconds: 9 }),
        file('sql/0008_display_name.sql', { state: 'pending', statements: 0 }),
      ],
      applied: 1,
      unchanged: 5,
      pending: 1,
      milliseconds: 71,
      warnings: [],
      failure: {
        file: 'sql/0007_enrolments.sql',
        line: 4,
        column: 38,
        sqlstate: '42P01',
        message: 'relation "course" does not exist',
        hint: 'There is a table "courses".',
        excerpt: [
          '3 |   user_id   bigint not null references users (id),',
          '4 |   course_id bigint not null references course (id),',
          '  |                                        ^',
          '5 |   primary key (user_id, course_id)',
        ].join('\n'),
        consequence:
          'The file was rolled back; `sql/0006_courses.sql` before it stands, `sql/0008_display_name.sql` after it did not run.',
        next: 'Correct the name, or make the table or view in an earlier file: files run in the natural order of their names.',
      },
    },
    error: {
      message: 'sql/0007_enrolments.sql failed at line 4.',
      advice: 'Correct the statement and push; only this file and those after it run again.',
    },
  })
}

/** A push to the pull request that leaves the schema as it is on main. */
export function nothingChanged(): Report {
  const branch = baseReport().branch
  return baseReport({
    outcome: 'reused',
    ...(branch ? { branch: { ...branch, created: false } } : {}),
    schema: {
      source: 'sql/',
      files: LEARNFLOW_FILES.map((name) => file(`sql/${name}.sql`, { state: 'unchanged', statements: 0 })),
      applied: 0,
      unchanged: 5,
      pending: 0,
      milliseconds: 31,
      warnings: [],
    },
    diff: { changes: [], unified: '' },
    snapshot: learnflow(),
    tables: [
      count('users', 1204, { bytes: 172_032 }),
      count('exercises', 86, { bytes: 49_152 }),
      count('submissions', 48_120, { bytes: 14_680_064 }),
      count('learning_events', 20_000_000, { precision: 'estimate', bytes: 1_288_490_188 }),
      count('struggles', 431, { bytes: 65_536 }),
    ],
    kubernetes: [
      { kind: 'Secret', namespace: 'learnflow-pr-42', name: 'postgres-credentials', action: 'unchanged', keys: [] },
    ],
  })
}

/** The pull request is closed, and the branch of its name is somebody else's. */
export function kept(): Report {
  const warning =
    'Kept the branch pr-42: it was made by pull request #42 of octo/api. To delete it all the same, name it in a step with mode: cleanup and branch.'
  return { ...closed(), outcome: 'kept', warnings: [warning] }
}

/** The pull request is closed. */
export function closed(): Report {
  const branch = baseReport().branch
  return baseReport({
    mode: 'cleanup',
    outcome: 'deleted',
    ...(branch ? { branch: { ...branch, created: false, consoleUrl: undefined as never } } : {}),
    kubernetes: [
      { kind: 'Secret', namespace: 'learnflow-pr-42', name: 'postgres-credentials', action: 'deleted', keys: [] },
      { kind: 'Namespace', namespace: '', name: 'learnflow-pr-42', action: 'deleted', keys: [] },
    ],
  })
}

/** The nightly sweep. */
export function sweep(): Report {
  return baseReport({
    mode: 'sweep',
    outcome: 'swept',
    pullRequest: null,
    branch: undefined as never,
    database: undefined as never,
    sweep: [
      {
        branchId: 'br-1',
        branchName: 'pr-7',
        pullRequest: 7,
        ageDays: 12.4,
        action: 'deleted',
        reason: 'its pull request is closed',
      },
      {
        branchId: 'br-2',
        branchName: 'pr-31',
        pullRequest: 31,
        ageDays: 33,
        action: 'deleted',
        reason: 'older than 30 days',
      },
      {
        branchId: 'br-3',
        branchName: 'pr-42',
        pullRequest: 42,
        ageDays: 1,
        action: 'kept',
        reason: 'its pull request is open',
      },
      {
        branchId: 'br-4',
        branchName: 'pr-9',
        pullRequest: 9,
        ageDays: 40,
        action: 'failed',
        reason: 'it has a child branch, `staging`',
      },
    ],
  })
}

/** The reports that are looked at, as Markdown and in the frame they appear in. */
export function scenes(): { name: string; frame: 'comment' | 'summary'; markdown: string; diagrams: number }[] {
  const options = { diagram: true, diff: true }
  const comment = (report: Report) => renderComment(report, options)
  const summary = (report: Report) => renderSummary(report, options)
  const closing = closedBody(comment(pullRequest()), closed())
  return [
    { name: 'first-provision-summary', frame: 'summary', markdown: summary(firstProvision()), diagrams: 1 },
    { name: 'pull-request-comment', frame: 'comment', markdown: comment(pullRequest()), diagrams: 1 },
    { name: 'pull-request-summary', frame: 'summary', markdown: summary(pullRequest()), diagrams: 1 },
    { name: 'sql-error-comment', frame: 'comment', markdown: comment(sqlError()), diagrams: 0 },
    { name: 'sql-error-summary', frame: 'summary', markdown: summary(sqlError()), diagrams: 0 },
    { name: 'nothing-changed-comment', frame: 'comment', markdown: comment(nothingChanged()), diagrams: 0 },
    { name: 'nothing-changed-summary', frame: 'summary', markdown: summary(nothingChanged()), diagrams: 0 },
    { name: 'closed-comment', frame: 'comment', markdown: closing, diagrams: 1 },
    { name: 'closed-summary', frame: 'summary', markdown: summary(closed()), diagrams: 0 },
    {
      name: 'kept-comment',
      frame: 'comment',
      markdown: closedBody(comment(pullRequest()), kept()),
      diagrams: 1,
    },
    { name: 'kept-summary', frame: 'summary', markdown: summary(kept()), diagrams: 0 },
    { name: 'sweep-summary', frame: 'summary', markdown: summary(sweep()), diagrams: 0 },
  ]
}

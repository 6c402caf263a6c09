/** What tools print around a failure, as data; `__tests__/fixtures/tool-outputs` holds what it was made from. */

/** Sentences of PostgreSQL's error messages (src/backend of PostgreSQL), in whichever wrapping a tool prints them. */
export const SERVER_SAYS =
  /syntax error at or near|syntax error at end of input|\balready exists\b|\bdoes not exist\b|violates (?:\S+ )?(?:\S+ )?constraint|duplicate key value|null value in column|could not create unique index|permission denied (?:for|to)|must be (?:owner|superuser|member)|cannot be cast|cannot (?:drop|alter|run|execute|insert|change)|invalid input (?:syntax|value)|out of range|value too long|division by zero|canceling statement|terminating connection|deadlock detected|could not obtain lock|could not open|could not serialize|password authentication failed|too many connections|remaining connection slots|no pg_hba\.conf entry|is not unique|is ambiguous|of relation "|there is no unique constraint|unrecognized configuration parameter|out of shared memory|unterminated (?:quoted|dollar)/i

/** The server's answer to whatever comes after the error. */
export const AFTERMATH = /current transaction is aborted|cannot commit|can't rollback|no transaction is in progress/i

/** A line that is an error by its first words or by its severity. */
export const NAMES_ERROR =
  /^(?:Caused by: |Original error: |Uncaught |thread '[^']*' panicked at )?(?:[\w.$\\/:-]*(?:Error|Exception|error|errors\.\w+)(?: \[?\w+\]?)?|ERROR|FATAL|FATAL ERROR|fatal|panic|pq|PG::\w+|psql)\b ?(?:\([^)]*\))?:? ?\s*\S|\b(?:ERROR|FATAL|PANIC): |SQLSTATE|\[ERROR\]|^(?:✗|✖|🛑|❌|×|■) ?\S|^(?:npm|pnpm) (?:error|ERR!) \S/

/** Other ways to say that it did not work. */
export const SAYS_FAILURE =
  /\bfailed\b|\bfailure\b|cannot find|could not|unable to|command not found|: not found$|no such file|permission denied|\bis locked\b|ECONN\w+|ENOTFOUND|ETIMEDOUT|timed out|refused/i

/** What stands around an error and never says why. */
export const NOISE: readonly RegExp[] = [
  /^\s*at\s.+(?:[:)]\d*\)?|\))$/,
  /^\s*at (?:async )?\S+/,
  /^[\s{}[\]()<>,;^~|│┃└╰─═=*.+-]*$/,
  /^Node\.js v\d/,
  /^\(Use `node --trace/,
  /^\(node:\d+\)/,
  /^(?:make|gmake|just|task)(?:\[\d+\])?: /,
  /^error: Recipe `/,
  /^(?:npm|pnpm) (?:error|ERR!) (?:code|errno|path|workspace|location|Lifecycle|command|signal|A complete log|Exit status|\s*in workspace)\b/i,
  /^npm (?:warn|notice)/i,
  /A complete log of this run|debug-\d*\.log|ELIFECYCLE|exit(?:ed with)? (?:code|status) \d+|exit code:? \d+|^info Visit https|^error Command failed/i,
  /^\s*File "[^"]+", line \d+/,
  /^Traceback \(most recent/,
  /The above exception was the direct cause|During handling of the above exception/,
  /^\s+from .+:\d+:in /,
  /^\S+\.(?:rb|py|php|go|rs|ts|js|cjs|mjs):\d+(?::in |:\d+|$)/,
  /^\s*\.\.\. \d+ (?:more|lines|levels)/,
  /^DbError \{/,
  /^\s+['"]?\w+['"]?: (?:undefined|null|true|false|\[[\w ]+\]|-?\d+),?$/,
  /^Tasks: TOP|See full trace by running/,
  /^note: run with `RUST_BACKTRACE/,
  /^goroutine \d+|^\s+\S+\.go:\d+/,
  /^#\d+ \S+\(\d+\):/,
  /^\s*(?:length|severity|code|detail|hint|position|internalPosition|internalQuery|where|schema|table|column|dataType|constraint|file|line|routine|severity_local|constraint_name|table_name|schema_name|column_name|sql|parameters|query|params|errno|syscall|address|port|migration)['"]?: /,
  /^\s*\[?(?:driverError|parent|original|cause)\]?['"]?: (?:\{|undefined|null|\[)/,
  // drizzle-kit, which prints no error where its output is no terminal.
  /^\s*\[[⣷⣯⣟⡿⢿⣻⣽⣾✓]\] applying migrations|^No config path provided|^Reading config file|^Using '\S+' driver/,
  // What pg says of sslmode, once in each run.
  /^In the next major version \(pg-|^To prepare for this change:|^- If you want (?:the current|libpq) |^See https:\/\/www\.postgresql\.org\/docs\/\S+ for libpq/,
  /^(?:DETAIL|HINT|CONTEXT|LOCATION|STATEMENT|QUERY|LINE \d+)\b ?:/i,
  /^(?:NOTICE|INFO|LOG|DEBUG|WARNING): /,
  /\bNOTICE: /,
]

/** How tools name the migration that failed: the group `file`, and `line` where they tell it. The last match counts. */
export const FAILED_FILE: readonly RegExp[] = [
  /psql:(?<file>[^\s:]+\.\w+):(?<line>\d+):/,
  /[Mm]igration file "(?<file>[^"]+)" failed/,
  /[Mm]igration "(?<file>[^"]+)" failed/,
  /Migration (?<file>\S+) \((?:up|down)\) failed/,
  /failed to (?:execute|run) migration "?(?<file>[^"\s]+?)"?(?:$|[\s:])/,
  /error occurred running '(?<file>[^']+)'/,
  /Error occurred at line (?<line>\d+)[^"]* of "(?<file>[^"]+)"/,
  /Error occurred while processing "?(?<file>[^"\s]+)"?/,
  /Migration failed with error: .* @ "(?<file>[^"]+)"/,
  /Migration name: (?<file>\S+)/,
  /Script (?<file>\S+\.\w+) failed/,
  /Migration failed for change ?set (?<file>\S+?):?(?:$|\s)/i,
  /ERROR (?<file>\d\S*\.(?:sql|go)): failed to run/,
  /Failed to run (?<file>\S+) with: /,
  /while executing migration (?<file>\d+)/,
  /Migration (?<file>\S+) failed during Execution/,
  /(?:^|\s)(?<file>\S{0,200}db\/migrate\/[\w.-]+\.rb):(?<line>\d+)/,
  /File "(?<file>[^"]*\/(?:versions|migrations)\/[^"]+\.py)", line (?<line>\d+)/,
  /(?:handling|applying|processing) (?:migration )?(?<file>\S+\.sql)(?=$|[\s:])/i,
  /from version "(?<file>\d+)"/,
]

/** How tools name the migration that they begin: the last one before the error failed. */
export const BEGUN_FILE: readonly RegExp[] = [
  /^### MIGRATION (?<file>\S+) \(UP\)/,
  /^==\s+(?<file>\S+(?: \S+)?): migrating =/,
  /^Applying: (?<file>\S+)/,
  /Running migration '(?<file>[^']+)'/,
  /\] running (?<file>\S+\.(?:sql|js|cjs|mjs|ts))$/,
  /^\s*Applying (?<file>\S+?)\.\.\./,
  /Running upgrade .*-> (?<file>\w+)/,
  /Applying migration '(?<file>[^']+)'/,
  /event: '?migrating'?, name: '?(?<file>[^',]+)/,
  /Processing '(?<file>[^']+)'/,
  /executing (?<file>\S+\.sql) up/,
  /^\s*(?<file>\d{4}_\d\d_\d\d_\d{6}_\w+) \.+/,
  /^\s+\+ (?<file>\S+) \.\./,
  /Migrating schema .* to version "(?<file>[^"]+)"/,
  /Running Changeset: (?<file>\S+)/,
  /== Running (?<file>\d+ \S+)\.(?:change|up)\/0 forward/,
]

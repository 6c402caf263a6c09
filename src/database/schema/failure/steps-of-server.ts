import type { StepTable } from './step-table.ts'

const ALONE =
  'If it must not be in a transaction (a procedure that commits, REINDEX or CLUSTER of a partitioned table), put the comment -- neon: no-transaction into the file.'
const AGAIN = 'Run the job again'

/** All other classes: transactions, locks, limits, and what the server itself can do. */
export const STEPS_OF_SERVER: StepTable = {
  '08000': `${AGAIN}: the SQL lost a connection that it had opened to another server.`,
  '08001': 'Check address and login of the other server that the SQL connects to.',
  '08006': `${AGAIN}: the SQL lost a connection that it had opened to another server.`,
  '25000': 'Take BEGIN, COMMIT and SET TRANSACTION out, or put them where the file may have them: first and last.',
  '25001': [
    { message: /cannot (?:run inside a transaction block|be executed from)/, step: ALONE },
    {
      message: /must be called before any query/,
      step: 'Make SET TRANSACTION ISOLATION LEVEL the first statement of the file, or give the file a BEGIN and COMMIT of its own.',
    },
    'Take the statement out of the transaction: put the comment -- neon: no-transaction into the file.',
  ],
  '25006':
    'Take the setting default_transaction_read_only back, or give the direct host of a compute that may write: this session may only read.',
  '25P01': 'Take COMMIT, ROLLBACK or SAVEPOINT out, or put BEGIN in front: no transaction is open here.',
  '25P02': 'Look for the first error in front of this statement: the transaction was over by then.',
  '25P03': 'Shorten the pause inside the transaction, or SET idle_in_transaction_session_timeout in the file.',
  '25P04': 'Shorten the transaction, or SET transaction_timeout in the file.',
  '28000': 'Check the role that the SQL logs in with at the other server.',
  '28P01': 'Correct the password that the SQL logs in with at the other server.',
  '2D000': [
    { message: /invalid transaction termination/, step: ALONE },
    'Take COMMIT and ROLLBACK out of the file: each file has a transaction, and part of this one may be applied.',
  ],
  '2F002': 'Mark the function VOLATILE, or take the statement that writes out of it.',
  '2F003': 'Take the statement that is not allowed out of the function.',
  '2F005': 'End the function with RETURN.',
  '38000': 'Correct the function: the lines below the error say where it is.',
  '39P01': 'Let the trigger function return trigger, and the event trigger function event_trigger.',
  '40001': `${AGAIN}: another transaction changed the same rows at the same time.`,
  '40002': 'Correct the rows before the end of the transaction: a deferred constraint was checked there.',
  '40003': `${AGAIN}: the ledger tells whether the file was applied.`,
  '40P01': `${AGAIN}: this file and another session each waited for a lock of the other. If it comes back, lock the tables in the order that the application does.`,
  '53000': 'Do the work in smaller parts, or give the server more room (on Neon: the inputs min_cu and max_cu).',
  '53100':
    'Make room: the disk or the storage limit of the plan is full. Delete what is not needed, or raise the limit.',
  '53200': 'Do the work in smaller parts, or give the server more memory (on Neon: the inputs min_cu and max_cu).',
  '53300': `Close connections that are not needed, or use the pooled address in the application. ${AGAIN} then.`,
  '53400': 'Do the work in smaller parts: it passes a limit that the server is set to.',
  '54000': [
    { message: /index row|btree/i, step: 'Index a shorter expression, for example md5(column), or use a hash index.' },
    'Make the value or the statement smaller: it passes a limit of PostgreSQL.',
  ],
  '54001': 'Split the statement, or mend the function that calls itself without an end.',
  '54011': 'Split the table: it can have 1600 columns, those that were dropped included.',
  '54023': 'Pass fewer arguments, for example as an array.',
  '55000': [
    { message: /materialized view .* has not been populated/, step: 'Write REFRESH MATERIALIZED VIEW in front.' },
    { message: /currval|lastval/, step: 'Call nextval() first, in the same session: each file has one of its own.' },
    { message: /replica identity/, step: 'Give the table a primary key, or set its REPLICA IDENTITY.' },
    { message: /wal_level/, step: 'Turn logical replication on in the settings of the project or server first.' },
    {
      message: /cannot (?:insert|update|delete|merge)/,
      step: 'Write to the tables below the view, or give it INSTEAD OF triggers.',
    },
    'Bring the object into the state that the message asks for, in front of this statement.',
  ],
  '55006': [
    {
      message: /pending trigger events/,
      step: 'Move the change of the rows into a file before this one, or write SET CONSTRAINTS ALL IMMEDIATE in between.',
    },
    { message: /replication slot/, step: 'End the process that reads from the replication slot first.' },
    `End the session that uses the object, or its open cursor. ${AGAIN} then.`,
  ],
  '55P02':
    'Take the setting out: it can only be changed for the whole server (on Neon: in the settings of the project).',
  '55P03':
    'Another session held a lock on the table for longer than lock_timeout: raise that input, or run when the table is less busy.',
  '55P04': 'A new enum value can be used only after a commit: use it in a later file, with transaction file.',
  '57014': 'If the statement needs more time than statement_timeout, raise that input.',
  '57P01': `${AGAIN}: an administrator or the provider ended the session.`,
  '57P03': `${AGAIN} when the server has started.`,
  '57P05': `${AGAIN}: the session was idle for too long.`,
  '58030': `${AGAIN}; if it fails the same way, tell the provider of the database.`,
  '58P01':
    'The server has no such file: use COPY … FROM stdin with the rows in the file, or an extension that this server has.',
  F0000: 'Correct the setting: the server could not read its configuration.',
  HV000: 'Check the foreign server, its options and the user mapping.',
  HV00N: 'Check that the foreign server can be reached from this database.',
  XX000: `${AGAIN}; if it fails the same way, look for the message in the documentation of the extension that the statement uses.`,
  XX001: 'Tell the provider of the database: the data on disk is damaged.',
  XX002: 'Write REINDEX for the index that the message names, and tell the provider of the database.',
}

/** What to do about a SQLSTATE that no table has, by its class. */
export const STEPS_OF_CLASSES: StepTable = {
  '08': 'Check the connection that the SQL opens to another server.',
  '0A': 'This server cannot do that: write it in another way.',
  '22': 'Correct the value that the message speaks of, or the type that it is converted to.',
  '23': 'Correct the rows that break the constraint, in front of this statement.',
  '25': 'Take BEGIN, COMMIT and SET TRANSACTION out of the file, or put the comment -- neon: no-transaction into it.',
  '28': 'Check the login that the SQL uses.',
  '40': `${AGAIN}: the transaction met another one.`,
  '42': 'Correct the statement at the caret.',
  '53': 'Do the work in smaller parts, or give the server more room (on Neon: the inputs min_cu and max_cu).',
  '54': 'Make the statement or the value smaller.',
  '55': 'Bring the object into the state that the message asks for, in front of this statement.',
  '57': `${AGAIN}: the server ended the statement.`,
  '58': `${AGAIN}; if it fails the same way, tell the provider of the database.`,
  HV: 'Check the foreign server, its options and the user mapping.',
  P0: 'The SQL itself raised this: see the function or block that the lines below the error name.',
  XX: `${AGAIN}; if it fails the same way, tell the provider of the database.`,
}

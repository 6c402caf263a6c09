import type { StepTable } from './step-table.ts'

const ORDER = 'files run in the natural order of their names'
const OWNERS =
  'A dump names the owners and rights of its own server: make it with pg_dump --no-owner --no-privileges, or create the role first.'

/** Classes 42, 2B, 0A, 3D, 3F and their like: what a statement says of the objects of the database. */
export const STEPS_OF_OBJECTS: StepTable = {
  '42P01': [
    { kind: /^drop\b/, step: 'Write IF EXISTS behind DROP and the kind of object, or correct the name.' },
    {
      kind: /^(?:insert|update|delete|merge|truncate|copy|select|with)\b/,
      step: `Correct the name of the table, write its schema in front where it is not public, or rename this file so that it sorts behind the one that makes the table: ${ORDER}.`,
    },
    `Correct the name, or make the table or view in an earlier file: ${ORDER}.`,
  ],
  '42P02': 'Write the value itself: a file of SQL has no parameters such as $1.',
  '42P03': 'Close the cursor first, or give this one another name.',
  '42P04': 'Take CREATE DATABASE out: the database is there, and the input database names the one to work in.',
  '42P05': 'Deallocate the prepared statement first, or give this one another name.',
  '42P06': 'Write CREATE SCHEMA IF NOT EXISTS, or take the statement out.',
  '42P07': [
    {
      kind: /^create (?:unique )?index/,
      step: 'Give the index another name, or write CREATE INDEX IF NOT EXISTS if the one that is there is the same.',
    },
    { kind: /^create (?:or replace )?(?:temp |temporary |recursive )*view/, step: 'Write CREATE OR REPLACE VIEW.' },
    { kind: /^create materialized/, step: 'Write DROP MATERIALIZED VIEW IF EXISTS in front, or give it another name.' },
    { kind: /^alter .*\brename\b/, step: 'Choose a name that nothing has yet, or drop what has it in front of this.' },
    { kind: /^alter .*\badd\b/, step: 'Give the constraint, and with it its index, a name that nothing has yet.' },
    'Take the statement out if an earlier file makes this object, or choose another name; IF NOT EXISTS passes over one that is there, whatever it looks like.',
  ],
  '42P08': 'Say which type is meant with a cast, for example $1::int.',
  '42P09': 'Write the name of the table or its alias in front.',
  '42P10': [
    {
      message: /ON CONFLICT/,
      step: 'Make a unique index or constraint on exactly the columns behind ON CONFLICT, in front of this statement.',
    },
    'Correct the column: it must be one of the list that the statement selects from.',
  ],
  '42P11': 'Correct the definition of the cursor.',
  '42P12': 'Correct the definition of the database.',
  '42P13': [
    {
      message: /cannot change|cannot remove parameter/,
      step: 'Write DROP FUNCTION with its argument types in front: CREATE OR REPLACE keeps result type and parameter names.',
    },
    'Correct the definition of the function.',
  ],
  '42P14': 'Correct the prepared statement.',
  '42P15': 'Correct the definition of the schema.',
  '42P16': [
    {
      kind: /^create or replace/,
      step: 'Write DROP VIEW in front and make it anew: CREATE OR REPLACE VIEW can only add columns at the end.',
    },
    { message: /multiple primary keys/, step: 'Drop the primary key that is there first, or make this one UNIQUE.' },
    'Correct the definition of the table: the message says which part of it cannot be.',
  ],
  '42P17': [
    {
      message: /IMMUTABLE/,
      step: 'Use an expression whose result depends on its input alone: a function that reads settings, time or tables must be marked IMMUTABLE to be used here.',
    },
    { message: /overlap/, step: 'Choose bounds that no other partition has, or detach that partition first.' },
    'Correct the definition: the message says which part of it cannot be.',
  ],
  '42P18': 'Say which type is meant with a cast, for example NULL::text.',
  '42P19': 'Write the recursive query as UNION of a start and a part that names itself once.',
  '42P20': 'Move the window function out of WHERE, GROUP BY or HAVING, into a query around this one.',
  '42P21': 'Say which collation is meant with COLLATE.',
  '42P22': 'Say which collation is meant with COLLATE.',
  '42000': 'Correct the statement, or ask the owner of the database for the right to run it.',
  '42501': [
    { message: /must be (?:able to SET ROLE|member of role|owner of)|permission denied to set role/, step: OWNERS },
    {
      message: /permission denied to create extension/,
      step: 'This extension needs a superuser: have one make it, or take an extension that your role may make.',
    },
    { message: /row-level security/, step: 'Run the file as the owner of the table, or add a policy that lets it.' },
    'Give the role of the input role the right that is missing, or run the files as the owner of these objects.',
  ],
  '42601': [
    // As Flyway, Go's templates, psql and graphile-migrate, Liquibase, ERB, yoyo and others write them.
    {
      at: /^(?:\$?\{|:'?"?[A-Za-z_]|<%|%\(|%%|#\{|@[A-Za-z_]\w*@)/,
      step: 'This looks like a placeholder that another tool replaces: let that tool run its files, with the input migrate_command, or write the value itself.',
    },
    {
      at: /^\/\s*(?:[\r\n]|$)/,
      step: 'A line with only / ends a statement for another tool: let that tool run its files, with the input migrate_command, or write ; instead.',
    },
    { message: /at end of input/, step: 'The statement ends too early: look for a missing part or bracket in it.' },
    'Correct the spelling at the caret; where it looks right, look for a comma, bracket or semicolon too many or too few in front of it.',
  ],
  '42602': 'Choose another name: this one cannot be a name here.',
  '42611': 'Correct the definition of the column.',
  '42622': 'Choose a shorter name: PostgreSQL has room for 63 bytes.',
  '42701': [
    {
      kind: /^alter .*\brename\b/,
      step: 'Choose a name that no column of the table has; the table may have been changed by an earlier file.',
    },
    { kind: /^alter\b/, step: 'Take the statement out if the column is the same, or write ADD COLUMN IF NOT EXISTS.' },
    'Name each column once.',
  ],
  '42702': 'Write the name of the table or its alias in front of the column.',
  '42703': [
    { kind: /^alter .*\bdrop\b/, step: 'Write DROP COLUMN IF EXISTS, or correct the name.' },
    { kind: /^create .*\bindex\b/, step: 'Correct the name of the column in the index, or add the column in front.' },
    'Correct the name of the column (between double quotes capitals count), or add the column in front of this statement.',
  ],
  '42704': [
    { message: /^role ".*" does not exist$/s, step: OWNERS },
    { message: /^type /, step: 'Make the type in an earlier file or CREATE EXTENSION first, or correct its name.' },
    {
      message: /has no default operator class|operator class/,
      step: 'Name an operator class, make its extension first (pg_trgm, btree_gin), or use another kind of index.',
    },
    { kind: /\bdrop\b/, step: 'Write IF EXISTS, or correct the name.' },
    'Correct the name, or make the object in front of this statement.',
  ],
  '42710': [
    {
      kind: /^create type/,
      step: 'Take the statement out if the type is the same; CREATE TYPE knows no IF NOT EXISTS.',
    },
    { kind: /^alter type/, step: 'Write ADD VALUE IF NOT EXISTS.' },
    { kind: /^create extension/, step: 'Write CREATE EXTENSION IF NOT EXISTS.' },
    { kind: /^create (?:constraint )?trigger/, step: 'Write CREATE OR REPLACE TRIGGER, or drop the trigger first.' },
    { kind: /^create policy/, step: 'Write DROP POLICY IF EXISTS in front.' },
    {
      kind: /^create (?:role|user|group)/,
      step: 'Take the statement out: roles belong to all databases of the branch.',
    },
    {
      kind: /^alter .*\badd\b/,
      step: 'Give the constraint another name, or write DROP CONSTRAINT IF EXISTS in front.',
    },
    'Take the statement out if the object is the same, choose another name, or drop it in front of this statement.',
  ],
  '42712': 'Give each table of the query an alias of its own.',
  '42723': 'Write CREATE OR REPLACE FUNCTION, or drop the function with its argument types first.',
  '42725': 'Say which function is meant: write its argument types or cast the arguments.',
  '42803': 'Add the column to GROUP BY, or put it into an aggregate such as max().',
  '42804': [
    {
      message: /default for column/,
      step: 'Write ALTER COLUMN … DROP DEFAULT in front, and set the default behind it.',
    },
    { message: /foreign key/, step: 'Give both columns of the foreign key the same type.' },
    {
      message: /cannot be cast automatically/,
      step: 'Add USING with the conversion, for example USING price::integer.',
    },
    'Cast the value to the type of the column, for example value::integer.',
  ],
  '42809':
    'Use the command for this kind of object: a view is no table, a partition or sequence has commands of its own.',
  '42830': 'Make the columns behind REFERENCES a primary key or UNIQUE first, in the same order.',
  '42846': 'Convert in steps (for example value::text::integer), or add USING with an expression.',
  '42883': [
    {
      message: /^operator /,
      step: 'Cast one side so that both have types that this operator knows, or make the extension that brings it.',
    },
    { kind: /^drop\b/, step: 'Write IF EXISTS, or correct the argument types.' },
    'Correct the name or the types of the arguments, or make the function or its extension (CREATE EXTENSION) first.',
  ],
  '428C9': [
    {
      kind: /^insert\b/,
      step: 'Leave the generated column out, or write OVERRIDING SYSTEM VALUE in front of VALUES if it is an identity.',
    },
    'Leave the generated column out, or set it to DEFAULT.',
  ],
  '42939': 'Choose a name that does not begin with pg_.',
  '2B000': 'Revoke the rights that depend on this one first, or write CASCADE if they may go with it.',
  '2BP01': [
    {
      kind: /^drop (?:role|user|owned)/,
      step: 'Write REASSIGN OWNED BY and DROP OWNED BY for the role first.',
    },
    { kind: /^drop type|^alter type/, step: 'Change the columns that use the type first, in front of this statement.' },
    'Drop or change what depends on it first, in front of this statement; write CASCADE only if all of it may go.',
  ],
  '0A000': [
    {
      message: /used by a view or rule/,
      step: 'Drop the view in front of this statement, and make it again behind it.',
    },
    { message: /used in a policy/, step: 'Drop the policy in front of this statement, and make it again behind it.' },
    { message: /used in a trigger/, step: 'Drop the trigger in front of this statement, and make it again behind it.' },
    { message: /used by a generated column/, step: 'Drop the generated column in front, and add it again behind it.' },
    {
      message: /extension ".*" is not available/,
      step: 'This server does not have the extension: take one of those that the provider offers.',
    },
    {
      message: /partition/,
      step: 'Add the columns of the partition key to the constraint, or put it on the partitions.',
    },
    { message: /cross-database/, step: 'Write names without a database in front: a statement sees its own database.' },
    { message: /concurrently/i, step: 'Build the index without CONCURRENTLY, or on each partition by itself.' },
    'This server cannot do that: write it in another way.',
  ],
  '0B000': 'Put the statement where a transaction can begin: first in the file, without another BEGIN in front.',
  '0L000': 'Grant as a role that may: the grantor must have the right with GRANT OPTION.',
  '0LP01': 'Correct the right: this kind of object does not know it, or the role cannot be granted to itself.',
  '0P000': 'Correct the name of the role.',
  '26000': 'Write PREPARE in front, in the same file: each file has a session of its own.',
  '34000': 'Open the cursor in the same transaction.',
  '3B001': 'Write SAVEPOINT in front, in the same transaction.',
  '3D000': 'Correct the name of the database; the input database names the one that the files run in.',
  '3F000': `Write CREATE SCHEMA IF NOT EXISTS in front, or correct the name: ${ORDER}.`,
}

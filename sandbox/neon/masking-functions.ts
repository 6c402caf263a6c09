/**
 * Stands in for the functions of PostgreSQL Anonymizer that masking rules name most
 * (https://postgresql-anonymizer.readthedocs.io/en/stable/masking_functions/): they make values of the right shape that
 * say nothing about the original. A function that is not here fails as an unknown one does.
 */
export const MASKING_FUNCTIONS = `
create schema anon;
create function anon.random_string(length integer) returns text volatile language sql as
  $$ select string_agg(substr('abcdefghijklmnopqrstuvwxyz', 1 + floor(random() * 26)::integer, 1), '')
     from generate_series(1, length) where random() >= 0 $$;
create function anon.random_int_between(low integer, high integer) returns integer volatile language sql as
  $$ select low + floor(random() * (high - low + 1))::integer $$;
create function anon.random_bigint_between(low bigint, high bigint) returns bigint volatile language sql as
  $$ select low + floor(random() * (high - low + 1))::bigint $$;
create function anon.random_date() returns timestamptz volatile language sql as
  $$ select timestamptz '1970-01-01' + random() * interval '50 years' $$;
create function anon.random_date_between(low timestamptz, high timestamptz) returns timestamptz volatile language sql as
  $$ select low + random() * (high - low) $$;
create function anon.random_zip() returns text volatile language sql as
  $$ select anon.random_int_between(10000, 99999)::text $$;
create function anon.random_phone(prefix text default '0') returns text volatile language sql as
  $$ select prefix || anon.random_bigint_between(100000000, 999999999)::text $$;
create function anon.hash(seed text) returns text immutable language sql as
  $$ select encode(sha256(convert_to(seed, 'UTF8')), 'hex') $$;
create function anon.partial(value text, keep_left integer, padding text, keep_right integer) returns text
  immutable language sql as $$ select substr(value, 1, keep_left) || padding || right(value, keep_right) $$;
create function anon.partial_email(value text) returns text immutable language sql as
  $$ select substr(value, 1, 2) || '******@' || substr(split_part(value, '@', 2), 1, 2) || '******.com' $$;
${['first_name', 'last_name', 'city', 'company', 'country', 'address', 'iban', 'siret', 'postcode']
  .flatMap((name) => ['fake', 'dummy'].map((kind) => `${kind}_${name}`))
  .map(
    (name) => `create function anon.${name}() returns text volatile language sql as
  $$ select initcap(anon.random_string(8)) $$;`,
  )
  .join('\n')}
${['fake_email', 'dummy_free_email', 'dummy_safe_email']
  .map(
    (name) => `create function anon.${name}() returns text volatile language sql as
  $$ select anon.random_string(12) || '@example.com' $$;`,
  )
  .join('\n')}
create function anon.dummy_name() returns text volatile language sql as
  $$ select initcap(anon.random_string(6)) || ' ' || initcap(anon.random_string(9)) $$;
create function anon.dummy_phone_number() returns text volatile language sql as $$ select anon.random_phone('0') $$;
create function anon.lorem_ipsum() returns text volatile language sql as $$ select 'Lorem ipsum dolor sit amet.'::text $$`

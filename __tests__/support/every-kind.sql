-- One of everything that a schema comparison knows, and what it must not see.
do $$ begin create role reports; create role api; exception when duplicate_object then null; end $$;
create schema shop;
create schema neon;
create table neon.drop_subscriptions_done (id int);
create schema neon_migration;
create table neon_migration.migration_id (key int primary key, id bigint);
create schema neon_setup;
create table neon_setup.ledger (name text primary key, n serial);
create index ledger_n on neon_setup.ledger (n);
create type neon_setup.state as enum ('a');
create function neon_setup.f() returns int language sql as 'select 1';
comment on table neon_setup.ledger is 'ours';
grant select on neon_setup.ledger to reports;
create temporary table passing (i int);
create extension hstore;
create type public.mood as enum ('ok', 'it''s');
alter type public.mood add value 'sad' before 'ok';
create type shop.pair as (a int, b text collate "C");
create type shop.span as range (subtype = numeric);
create domain public.email as text collate "C" default 'x@y' not null check (value like '%@%') constraint short check (length(value) < 100);
create table public.users (
  id bigint generated always as identity (start with 100) primary key,
  email public.email,
  name text collate "C" unique,
  mood public.mood default 'ok',
  born timestamptz default '2020-01-01 12:00+00',
  lower_name text generated always as (lower(name)) stored,
  n serial,
  big text
);
alter table public.users alter column big set storage external, alter column big set compression pglz;
create table shop."Odd ""name" (
  "sel|ect" int references public.users (id) on delete cascade,
  b int,
  unique (b, "sel|ect"),
  exclude using btree (b with =)
) with (fillfactor = 70);
alter table shop."Odd ""name" add constraint c check (b > 0) not valid;
create table public.ev (id int, at date not null, primary key (id, at)) partition by range (at);
create table public.ev_1 partition of public.ev for values from ('2020-01-01') to ('2021-01-01');
alter table public.ev add column extra text default 'q';
alter table public.ev_1 alter column extra set default 'own';
create index ev_extra on public.ev (extra);
create index users_low on public.users (lower(name)) where mood = 'ok';
create statistics public.st on id, at from public.ev;
create table public.par (a int check (a > 0));
create table public.chi (b int) inherits (public.par);
create unlogged table public.ul (a int);
create rule r as on delete to public.ul do instead nothing;
create function public.f(a int, b text default 'x') returns int language plpgsql security definer as $$ begin return 1; end $$;
create procedure public.p() language sql as $$ select 1 $$;
create function public.t() returns trigger language plpgsql as $$ begin return new; end $$;
create aggregate public.agg(int) (sfunc = int4pl, stype = int, initcond = '0');
create trigger tr before update on public.ev for each row execute function public.t();
create trigger tr2 after update on public.users for each row when (old.id <> new.id) execute function public.t();
create constraint trigger tr3 after insert on public.users deferrable for each row execute function public.t();
alter table public.users disable trigger tr2;
create function public.evt() returns event_trigger language plpgsql as $$ begin end $$;
create event trigger et on ddl_command_end when tag in ('CREATE TABLE') execute function public.evt();
alter table public.users enable row level security;
create policy pol on public.users for select to reports, api using (id > 0);
create sequence public.sq increment by -2 cache 5;
grant select on public.users to reports;
grant select (id), update (name) on public.users to api;
grant all on public.ul to api with grant option;
revoke execute on function public.f(int, text) from public;
grant usage on schema shop to api;
alter default privileges in schema shop grant select on tables to reports;
alter table public.par owner to api;
comment on column public.users.email is 'mail';
comment on constraint c on shop."Odd ""name" is 'cc';

-- The exercises that learners are given.
create table exercises (
  id          bigint generated always as identity primary key,
  title       text not null check (title <> ''),
  description text not null default '',
  difficulty  text not null check (difficulty in ('beginner', 'intermediate', 'advanced')),
  created_at  timestamptz not null default now()
);

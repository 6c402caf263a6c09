-- Everyone who learns here.
create table users (
  id         bigint generated always as identity primary key,
  email      text not null check (email like '%_@_%'),
  name       text not null check (name <> ''),
  created_at timestamptz not null default now()
);

-- One account per address, however it is written.
create unique index users_email_key on users (lower(email));

-- What learners do, as it happens; event_data depends on event_type.
create table learning_events (
  id         bigint generated always as identity primary key,
  user_id    bigint not null references users (id) on delete cascade,
  event_type text not null check (event_type <> ''),
  event_data jsonb not null default '{}',
  created_at timestamptz not null default now()
);

create index learning_events_user_id_idx on learning_events (user_id);

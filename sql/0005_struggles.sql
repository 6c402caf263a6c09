-- Where a learner is stuck, found from events and submissions.
create table struggles (
  id            bigint generated always as identity primary key,
  user_id       bigint not null references users (id) on delete cascade,
  exercise_id   bigint not null references exercises (id) on delete cascade,
  struggle_type text not null check (struggle_type <> ''),
  detected_at   timestamptz not null default now()
);

create index struggles_user_id_idx on struggles (user_id);
create index struggles_exercise_id_idx on struggles (exercise_id);

-- A learner's answer to an exercise.
create table submissions (
  id          bigint generated always as identity primary key,
  user_id     bigint not null references users (id) on delete cascade,
  exercise_id bigint not null references exercises (id) on delete cascade,
  code        text not null,
  status      text not null default 'pending' check (status in ('pending', 'running', 'passed', 'failed')),
  created_at  timestamptz not null default now()
);

create index submissions_user_id_idx on submissions (user_id);
create index submissions_exercise_id_idx on submissions (exercise_id);

-- Opened with the pull request: badges that learners earn.
CREATE TABLE badges (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE user_badges (
  user_id bigint NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  badge_id bigint NOT NULL REFERENCES badges (id),
  earned_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, badge_id)
);
CREATE INDEX user_badges_badge_id_idx ON user_badges (badge_id);

INSERT INTO badges (name) VALUES ('First exercise'), ('Ten exercises'), ('A whole week');

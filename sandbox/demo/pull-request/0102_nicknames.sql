-- The same with the slip mended.
ALTER TABLE users ADD COLUMN nickname text;

UPDATE users SET nickname = 'Countess' WHERE name = 'Ada';

-- Pushed in a hurry: the column of the WHERE is misspelled.
ALTER TABLE users ADD COLUMN nickname text;

UPDATE users SET nickname = 'Countess' WHERE nmae = 'Ada';

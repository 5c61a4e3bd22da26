-- +goose Up

-- The first day for which a household has to be derived anew by itself; '' is always.
ALTER TABLE households ADD COLUMN due TEXT NOT NULL DEFAULT '';

CREATE INDEX households_due ON households (area, due);

-- Another value with every agreement that is saved.
ALTER TABLE meta ADD COLUMN agreements TEXT NOT NULL DEFAULT '';

-- +goose Up

-- Who asks about a household mostly asks about few lists. Records of one list stand beside
-- each other, so those of all lists are on many pages.
CREATE INDEX records_household_list ON records (area, household, list);

DROP INDEX records_household;

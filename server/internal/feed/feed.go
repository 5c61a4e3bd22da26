// Package feed holds the rules of the feed: what a change is, how a scope
// filters it, what a cursor says, how rows are hashed and digests summed. It is
// pure; the hub does the reading and writing.
package feed

// Op is what a change does to a consumer's row.
type Op string

// Operations. Only Ended ever means that support stops (law 6).
const (
	Upsert    Op = "UPSERT"
	Ended     Op = "ENDED"
	Moved     Op = "MOVED"
	LeftScope Op = "LEFT_SCOPE"
)

// Causes of transactions.
const (
	CauseImport   = "IMPORT"
	CauseUpdate   = "UPDATE"
	CauseMove     = "MOVE"
	CauseTransfer = "TRANSFER"
	CauseMerge    = "MERGE"
	CauseSplit    = "SPLIT"
	CauseUnmerge  = "UNMERGE"

	CauseIDNumber       = "ID_NUMBER"
	CauseMergePersons   = "MERGE_PERSONS"
	CauseSeparate       = "SEPARATE_PERSONS"
	CauseBirth          = "BIRTH"
	CauseRevokeBirth    = "REVOKE_BIRTH"
	CauseDeath          = "DEATH"
	CauseRevokeDeath    = "REVOKE_DEATH"
	CauseMarriage       = "MARRIAGE"
	CauseRevokeMarriage = "REVOKE_MARRIAGE"
	CauseClose          = "CLOSE"
	CauseReopen         = "REOPEN"

	CauseRemoval  = "REMOVAL"
	CauseReversal = "REVERSAL"

	CauseDate      = "DATE"
	CauseCatalogue = "CATALOGUE"
)

// CauseMoved is why a row left a scope that holds only its old village.
const CauseMoved = "MOVED"

// Visible gives the operation that a change means for one scope, and false where
// the scope doesn't see it. from is empty unless the record moved.
func Visible(f *Filter, area string, op Op, list, village, from string) (Op, bool) {
	now := f.Covers(list, area, village)
	if op != Moved {
		return op, now
	}
	before := f.Covers(list, area, from)
	switch {
	case now && before:
		return Moved, true
	case now:
		return Upsert, true
	case before:
		return LeftScope, true
	}
	return "", false
}

// Package store is the contract between the hub and its storage engines.
//
// Every sentence below that says what an engine does is a subtest of package
// storetest, run on every engine.
//
// A nil list in a query means everything, an empty one means nothing, except where a
// comment says otherwise. Times are kept to the microsecond and given back in UTC. Texts
// are ordered by their bytes.
//
// The store knows keys and opaque bytes. Documents arrive sealed and identifiers
// arrive as keyed hashes; the only plain columns are those that queries need:
// areas, village codes, list names, opaque ids, statuses, numbers, dates, times.
// The area leads every key of what grows with the areas, but the aliases' and the letters'
// numbers', which are unique in all of them; so the same tables can be sharded by area.
package store

import (
	"context"
	"errors"
	"time"
)

// MaxChanges is the most changes that one transaction of the feed may carry
// (law 4: a transaction is never split between pages).
const MaxChanges = 1000

var (
	// ErrNotFound says that the asked-for row does not exist.
	ErrNotFound = errors.New("store: not found")
	// ErrTaken says that an alias or a name that must be unique stands for another subject.
	ErrTaken = errors.New("store: taken")
	// ErrStale says that a row is no longer in the state that the caller read.
	ErrStale = errors.New("store: stale")
	// ErrTooLarge says that a transaction would carry more than MaxChanges changes.
	ErrTooLarge = errors.New("store: transaction too large")
	// ErrUnknown says that a COMMIT was sent and no answer came: the work may or may
	// not have been done. It is reported, never rerun.
	ErrUnknown = errors.New("store: commit outcome unknown")
	// ErrAway says that the database was not reached, or lost before a COMMIT was sent:
	// nothing was done, and the same may be tried again later.
	ErrAway = errors.New("store: the database is away")
	// ErrSchema says that the database's schema is older or newer than this program's.
	ErrSchema = errors.New("store: schema version differs")
	// ErrClosed says that the store was closed before the call.
	ErrClosed = errors.New("store: closed")
	// ErrHeld says that another holds a lock.
	ErrHeld = errors.New("store: lock held by another")
	// ErrLockLost says that a lock went while work was done under it, so that another may hold it by now.
	ErrLockLost = errors.New("store: lock lost")
	// ErrStandby says that the database is a replica that only reads. The feed is read where it is written.
	ErrStandby = errors.New("store: the database is a standby, which only reads; give the primary's address")
)

// Store is one database. All methods may be called at the same time.
type Store interface {
	// View runs fn on one snapshot: everything fn reads was true when fn began,
	// and it sees every Update that was acknowledged before View began. Views never
	// block Updates nor the other way round. The Reader is dead when fn returns.
	// An error from fn is returned as it is, or as ErrAway with it.
	View(ctx context.Context, fn func(Reader) error) error

	// Update runs fn in one transaction and commits it when fn returns nil; an error
	// from fn rolls everything back and is returned as it is, or as ErrAway with it. fn is run again only
	// after a serialization failure or a deadlock that happened before COMMIT was
	// sent, so it must not have effects outside the Tx. It must not call Update itself.
	// A context that ends before COMMIT is sent rolls back. A commit whose outcome is
	// not known is ErrUnknown. When Update returns nil the work survives a kill of
	// the process and of the database server.
	Update(ctx context.Context, fn func(Tx) error) error

	// Audit durably writes one entry, with the deliveries that it tells of, before it
	// returns. It is not part of any Update: it stays whatever becomes of the work it speaks of.
	Audit(ctx context.Context, e AuditEntry) error
	// AuditLater writes an entry that nobody waits for, soon, and then calls told, with the
	// error where it was not written. What reads entries in this process, and Close, waits
	// for those handed over before.
	AuditLater(e AuditEntry, told func(error))
	// AuditTrail calls fn with the entries from..to (to excluded) in order of writing.
	AuditTrail(ctx context.Context, from, to time.Time, fn func(AuditEntry) error) error
	// Deliveries calls fn with what entries told of deliveries, those that match q, in order of writing.
	Deliveries(ctx context.Context, q DeliveryQuery, fn func(Delivery) error) error
	// OpenReadings calls fn with the intents of the given actions (AuditEntry.Of is "") from..to (to
	// excluded) that have no outcome yet, in order of writing. An entry whose Outcome is OutcomeSent is none.
	OpenReadings(ctx context.Context, actions []string, from, to time.Time, fn func(AuditEntry) error) error

	// Alone runs fn under the lock of that name, which one call at a time holds, of all processes on
	// the database. It never waits: where another holds the lock it is ErrHeld, and fn is not run. An
	// error from fn is returned as it is. The lock is given back when fn returns, and when the
	// holder's process or its connection to the database dies, by kill -9 too. Who loses it so is
	// told: fn's context ends, and where fn then fails Alone is ErrLockLost. An Update that is being
	// committed at that moment may still be done while the next holder has begun, so what is done
	// under a lock must bear being done twice.
	Alone(ctx context.Context, name string, fn func(ctx context.Context) error) error

	// Migrate brings the schema to this program's version, forward only. It is
	// harmless to repeat and safe to call from several processes at once.
	Migrate(ctx context.Context) error
	// CheckSchema is ErrSchema unless the schema has exactly this program's version.
	CheckSchema(ctx context.Context) error

	Close() error

	Inspector
}

// Reader reads one snapshot, for one goroutine. Iteration methods call fn in the stated
// order and stop at its first error, which they return as it is; fn may read, but not write.
type Reader interface {
	// Meta is the store-wide state; ErrNotFound before the first SetMeta.
	Meta(ctx context.Context) (Meta, error)
	// Heads lists the heads of the given areas, sorted by area; nil means all that exist.
	// An area without transactions and derivations has no head and is left out.
	Heads(ctx context.Context, areas []string) ([]Head, error)

	// Household is the current state; ErrNotFound.
	Household(ctx context.Context, area, id string) (Household, error)
	// Revision is a stored revision, without Due, with the greatest number <= revision (revision > 0),
	// or, with revision 0, the newest one not later than at. ErrNotFound where there is none.
	Revision(ctx context.Context, area, id string, revision int64, at time.Time) (Household, error)
	// Revisions lists all revisions of a household, newest first, without documents.
	Revisions(ctx context.Context, area, id string) ([]Household, error)
	// Households iterates over current households that match q in order of id.
	Households(ctx context.Context, q HouseholdQuery, fn func(Household) error) error

	// Aliases resolves keyed hashes of one kind; hashes that stand for nothing are
	// absent from the result, which is ordered by hash and has each of them once.
	Aliases(ctx context.Context, kind string, hashes [][]byte) ([]Alias, error)
	// Names lists the subjects whose name has this keyed hash, in the given areas
	// (nil: all), ordered by household and person, at most limit (0: no limit).
	Names(ctx context.Context, hash []byte, areas []string, limit int) ([]Alias, error)

	// WithRecords gives the current state of the households that aliases lead to, missing ones
	// left out, ordered by area and id, and those of their records in the given lists that are
	// the households' as a whole or of a person that one of the aliases leads to, ordered by area,
	// household, list, person.
	WithRecords(ctx context.Context, of []Alias, lists []string) ([]Household, []Record, error)
	// HouseholdRecords lists the records of the given households of an area, ordered
	// by household, list, person.
	HouseholdRecords(ctx context.Context, area string, households []string) ([]Record, error)
	// Records iterates over the records that match q, ordered by village, household, person.
	Records(ctx context.Context, q RecordQuery, fn func(Record) error) error
	// Villages iterates over the records of a list in the given villages (none: nothing), without
	// their hashes: the villages in order, the records of each in no stated order. The bytes of
	// a document are good until fn returns. fn may not read.
	Villages(ctx context.Context, area, list string, villages []string, fn func(Record) error) error

	// Blocks iterates in key order (area, list, village) over blocks that match q and
	// have at least one record; Built and Bytes are empty unless q.Bytes is set. Bytes are good
	// until fn returns, and where they are asked for fn may not read.
	Blocks(ctx context.Context, q BlockQuery, fn func(Block) error) error

	// Changes iterates over the changes of one area with transaction > after and <= upTo,
	// ordered by transaction, ordinal; only those of the given lists and households.
	// Transaction headers come with each change. It does not check Head.OldestKept; callers do.
	Changes(ctx context.Context, q ChangeQuery, fn func(Change) error) error

	// Request is the outcome stored for a request id; ErrNotFound.
	Request(ctx context.Context, agency, id string) (Request, error)
	// Catalogues lists all stored catalogue versions, last submitted first, without their text.
	Catalogues(ctx context.Context) ([]Catalogue, error)
	// Catalogue is one version with its text; ErrNotFound.
	Catalogue(ctx context.Context, version string) (Catalogue, error)
	// Agreements lists the agreements of an agency ("": of all), ordered by id.
	Agreements(ctx context.Context, agency string) ([]Agreement, error)
	// Subscription is one named cursor; ErrNotFound.
	Subscription(ctx context.Context, agency, name string) (Subscription, error)
	// Subscriptions lists an agency's subscriptions by name.
	Subscriptions(ctx context.Context, agency string) ([]Subscription, error)
	// Intents lists the unfinished intents of a kind in order of id.
	Intents(ctx context.Context, kind string) ([]Intent, error)

	RemovalReader
	LetterReader
}

// Tx is an open Update. Its reads see its own writes. Reads other than LockHouseholds,
// LockCase and LockLetter take no locks and may be overtaken by other writers.
type Tx interface {
	Reader

	// LockHouseholds locks the given households of an area until the end of the
	// Update and gives their current state, missing ones left out, ordered by id.
	// Ids are locked in sorted order; a second call may only name greater ids or
	// ids already held, anything else is an error.
	LockHouseholds(ctx context.Context, area string, ids []string) ([]Household, error)

	// Append makes one transaction of the feed, at most once per Update and as its last
	// write: it saves households (current state and a new revision each), aliases and names,
	// then locks the area's head, takes the next number, and writes records, changes and
	// the count, digest and staleness of the blocks they touch. It returns the number.
	//
	// Numbers of an area are 1, 2, 3 … without a gap in commit order: Append in a
	// second Update waits until the first has committed or rolled back (law 1).
	// A batch without changes takes no number, leaves the head alone and returns 0; it
	// may have no records either. More than MaxChanges changes: ErrTooLarge. An alias that
	// stands for another subject: ErrTaken. A household whose Revision is not the stored one
	// plus one, a record to be inserted that stands already, one to be replaced or deleted
	// that does not stand with OldHash: ErrStale. An Update whose Append failed cannot be
	// committed: it returns that error even where fn returns nil.
	Append(ctx context.Context, b Batch) (int64, error)

	// SetDerivedFor records that every household of the area is derived for this day
	// ("YYYY-MM-DD") under this catalogue version. It never takes a number; a head is made where none exists.
	SetDerivedFor(ctx context.Context, area, day, catalogue string) error
	// SaveBlocks stores rebuilt bytes of those blocks that no transaction has touched since
	// their Transaction, and of which no later bytes have been stored. Only key, Transaction
	// and Bytes count; Built becomes Transaction. No block may stand twice.
	SaveBlocks(ctx context.Context, blocks []Block) error
	// Purge deletes an area's changes with transaction < oldestKept and moves the
	// head's OldestKept there; it never moves back, nor beyond the next transaction.
	Purge(ctx context.Context, area string, oldestKept int64) error

	SetMeta(ctx context.Context, m Meta) error
	// SaveRequest stores an outcome; ErrTaken where the agency has used the id already.
	SaveRequest(ctx context.Context, r Request) error
	// PurgeRequests deletes outcomes stored before the given time.
	PurgeRequests(ctx context.Context, before time.Time) error
	// SaveCatalogue stores a new version, or updates the state, preview and activation of
	// one; its text and who submitted it never change.
	SaveCatalogue(ctx context.Context, c Catalogue) error
	// SaveAgreement inserts or replaces by id.
	SaveAgreement(ctx context.Context, a Agreement) error
	// SaveSubscription inserts or replaces by agency and name. With s.Version > 0 it is
	// ErrStale unless the stored one has Version s.Version-1; one that does not exist has 0.
	SaveSubscription(ctx context.Context, s Subscription) error
	// DeleteSubscription and DeleteIntent are harmless where there is nothing to delete.
	DeleteSubscription(ctx context.Context, agency, name string) error
	// SaveIntent inserts, ErrTaken where the id exists; DeleteIntent finishes. A deleted
	// intent is gone for good.
	SaveIntent(ctx context.Context, i Intent) error
	DeleteIntent(ctx context.Context, id string) error

	RemovalTx
	LetterTx
}

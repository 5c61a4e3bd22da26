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
// The area leads every key but the aliases', so that the same tables can be
// sharded by area.
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
	// ErrSchema says that the database's schema is older or newer than this program's.
	ErrSchema = errors.New("store: schema version differs")
)

// Store is one database. All methods may be called at the same time.
type Store interface {
	// View runs fn on one snapshot: everything fn reads was true when fn began,
	// and it sees every Update that was acknowledged before View began. Views never
	// block Updates nor the other way round. The Reader is dead when fn returns.
	// An error from fn is returned as it is.
	View(ctx context.Context, fn func(Reader) error) error

	// Update runs fn in one transaction and commits it when fn returns nil; an error
	// from fn rolls everything back and is returned as it is. fn is run again only
	// after a serialization failure or a deadlock that happened before COMMIT was
	// sent, so it must not have effects outside the Tx. It must not call Update itself.
	// A context that ends before COMMIT is sent rolls back. A commit whose outcome is
	// not known is ErrUnknown. When Update returns nil the work survives a kill of
	// the process and of the database server.
	Update(ctx context.Context, fn func(Tx) error) error

	// Audit durably writes one entry before it returns. It is not part of any
	// Update: it stays whatever becomes of the work it speaks of.
	Audit(ctx context.Context, e AuditEntry) error
	// AuditTrail calls fn with the entries from..to (to excluded) in order of writing.
	AuditTrail(ctx context.Context, from, to time.Time, fn func(AuditEntry) error) error

	// Migrate brings the schema to this program's version, forward only. It is
	// harmless to repeat and safe to call from several processes at once.
	Migrate(ctx context.Context) error
	// CheckSchema is ErrSchema unless the schema has exactly this program's version.
	CheckSchema(ctx context.Context) error

	Close() error
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
	// Revision is a stored revision with the greatest number <= revision (revision > 0),
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

	// HouseholdRecords lists the records of the given households of an area, ordered
	// by household, list, person.
	HouseholdRecords(ctx context.Context, area string, households []string) ([]Record, error)
	// Records iterates over the records that match q, ordered by village, household, person.
	Records(ctx context.Context, q RecordQuery, fn func(Record) error) error

	// Blocks iterates in key order (area, list, village) over blocks that match q and
	// have at least one record; Built and Bytes are empty unless q.Bytes is set.
	Blocks(ctx context.Context, q BlockQuery, fn func(Block) error) error

	// Changes iterates over the changes of one area with transaction > after and <= upTo,
	// ordered by transaction, ordinal; only the given lists (nil: all). Transaction
	// headers come with each change. It does not check Head.OldestKept; callers do.
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
}

// Tx is an open Update. Its reads see its own writes. Reads other than LockHouseholds
// and LockCase take no locks and may be overtaken by other writers.
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
	// SaveBlock stores rebuilt bytes if no transaction has touched the block since
	// b.Transaction, and no later bytes have been stored; otherwise it does nothing. Only
	// the key, Transaction and Bytes of b count; Built becomes b.Transaction.
	SaveBlock(ctx context.Context, b Block) error
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
}

// Meta is the store-wide state.
type Meta struct {
	Epoch      string // changes with a restore; cursors of another epoch are refused
	Catalogue  string // active catalogue version, "" before the first activation
	Derivation int    // version of the derivation code that wrote the records
}

// Head is the state of an area's feed.
type Head struct {
	Area       string
	Last       int64  // number of the last transaction
	OldestKept int64  // smallest transaction whose changes are still kept; 1 at first
	DerivedFor string // "YYYY-MM-DD"; "" before the first full derivation
	Catalogue  string // version of that derivation
}

// Household is a household's row: current state or a revision of it.
type Household struct {
	Area          string
	ID            string
	Revision      int64 // 1, 2, 3 …
	Etag          string
	Village       string
	PovertyStatus string
	SupportStatus string
	Actor         string // agency and client or person that caused the revision; no personal names
	Cause         string
	Time          time.Time
	Document      []byte // sealed
	Gone          bool   // left the area (transfer, merge); kept for its revisions
}

// HouseholdQuery selects current households; empty fields do not restrict.
type HouseholdQuery struct {
	Area          string   // required
	Villages      []string // none: all
	PovertyStatus string
	SupportStatus string
	After         string // id; only greater ones
	Limit         int    // 0: no limit
	IncludeGone   bool
}

// Alias leads from a keyed hash to its subject. Person is empty for a household's.
type Alias struct {
	Kind      string
	Hash      []byte
	Area      string
	Household string
	Person    string
}

// Key names a record within its area and list.
type Key struct {
	List      string
	Village   string
	Household string
	Person    string // empty at household grain
}

// Record is a stored row of a list.
type Record struct {
	Area string
	Key
	Transaction int64    // last transaction that changed it
	Hash        [16]byte // row hash
	Document    []byte   // sealed fields
}

// RecordQuery selects the records of one list in an area.
type RecordQuery struct {
	Area    string
	List    string
	Village string // "" all villages
	After   Key    // Village, Household, Person of the last one seen; zero: from the start
	Limit   int    // 0: no limit
}

// Block is the unit of snapshot, digest and healing: one list in one village.
type Block struct {
	Area        string
	List        string
	Village     string
	Transaction int64 // last transaction that touched it
	Count       int64
	Digest      [16]byte // sum modulo 2^128 of the row hashes, big endian
	Built       int64    // transaction at which Bytes were built, given with them; stale where < Transaction
	Bytes       []byte   // sealed; nil where never built
}

// BlockQuery selects blocks of one area.
type BlockQuery struct {
	Area         string
	Lists        []string // nil: all
	Villages     []string // nil: all
	AfterList    string   // with AfterVillage: only keys greater than (AfterList, AfterVillage)
	AfterVillage string
	Bytes        bool
	Limit        int // 0: no limit
}

// Change is one entry of the feed with its transaction's header.
type Change struct {
	Area        string
	Transaction int64
	Ordinal     int // 0, 1, 2 … within the transaction
	Time        time.Time
	Cause       string // of the transaction
	Op          string // UPSERT, ENDED, MOVED, LEFT_SCOPE
	Key                // Village: where the record is now, or was last
	FromVillage string // MOVED only
	Document    []byte // sealed: fields of the record, or the basis of an end
}

// ChangeQuery selects changes of one area.
type ChangeQuery struct {
	Area  string
	After int64
	UpTo  int64 // 0: no bound
	Lists []string
}

// Batch is what one transaction of the feed writes, all in one area.
type Batch struct {
	Area  string
	Time  time.Time
	Cause string

	Households []Household // next states; Revision is the stored one plus one (1: new)
	// SetAliases and SetNames are what the named subjects are found by from now on; DropAliases and
	// DropNames are removed first, where they still stand for the named subject. An empty Area
	// is the batch's; a drop may name another one (a household that has moved here).
	SetAliases, DropAliases []Alias
	SetNames, DropNames     []Alias // Kind is ignored

	// Upserts and Deletes are the records' new state: a record that moves village is a
	// delete of the old key and an upsert of the new one. OldHash is the stored hash of a
	// deleted or replaced record, so that digests need no read.
	Upserts []RecordUpsert
	Deletes []RecordDelete
	Changes []Change // in order; Area, Transaction, Ordinal, Time, Cause are filled in by the store
}

// RecordUpsert inserts or replaces a record; Replaces tells which.
type RecordUpsert struct {
	Key
	Hash     [16]byte
	Replaces bool
	OldHash  [16]byte
	Document []byte
}

// RecordDelete removes a record.
type RecordDelete struct {
	Key
	OldHash [16]byte
}

// Request is the stored outcome of a request id, so that a retry is harmless.
type Request struct {
	Agency      string
	ID          string
	Fingerprint []byte // keyed hash of what was asked
	Outcome     []byte // sealed answer
	Time        time.Time
}

// Catalogue is a stored version.
type Catalogue struct {
	Version     string // name and content hash
	Text        []byte // YAML as submitted
	State       string // SUBMITTED, PREVIEWED, ACTIVE, RETIRED
	SubmittedBy string
	SubmittedAt time.Time
	Preview     []byte // result of the last preview; not personal
	ActivatedBy string
	ActivatedAt time.Time
}

// Agreement says who may read or write what, for what purpose and how long.
type Agreement struct {
	ID       string
	Agency   string
	From     string // dates; Until "" is open
	Until    string
	Document []byte // terms in full, sealed
}

// Subscription is a cursor that the hub keeps by name.
type Subscription struct {
	Agency   string
	Name     string
	Version  int64
	Document []byte // sealed: scope and cursor
	Time     time.Time
}

// Intent is durable work that must be finished after a crash (a transfer between areas).
type Intent struct {
	ID       string
	Kind     string
	Area     string
	Document []byte // sealed
	Time     time.Time
}

// AuditEntry is one line of the audit. It names keys and counts, never personal data.
type AuditEntry struct {
	ID      string
	Time    time.Time
	Of      string // "" for an intent; the intent's ID for its outcome
	Agency  string
	Client  string
	Person  string // opaque subject of the token where a person acted
	Action  string // e.g. "sync.pull"
	Detail  string // JSON of lists, divisions, counts, transactions
	Outcome string // "", "OK" or a reason
}

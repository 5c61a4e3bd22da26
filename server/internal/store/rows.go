package store

import "time"

// Meta is the store-wide state.
type Meta struct {
	Epoch      string // changes with a restore; cursors of another epoch are refused
	Catalogue  string // active catalogue version, "" before the first activation
	Derivation int    // version of the derivation code that wrote the records
	Agreements string // another one with every SaveAgreement; SetMeta leaves it alone
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
	Due           string // first day for which it has to be derived anew, "" at once; of the current state only
}

// Due is when a household of this revision has to be derived anew.
type Due struct {
	Household string
	Revision  int64
	Day       string // "YYYY-MM-DD"
}

// HouseholdQuery selects current households; empty fields do not restrict.
type HouseholdQuery struct {
	Area          string   // required
	Villages      []string // none: all
	PovertyStatus string
	SupportStatus string
	DueBy         string // day; only those whose Due is not later
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
	Area     string
	List     string
	Villages []string // nil: all
	After    Key      // Village, Household, Person of the last one seen; zero: from the start
	Limit    int      // 0: no limit
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
	Area       string
	After      int64
	UpTo       int64    // 0: no bound
	Lists      []string // nil: all
	Households []string // nil: all
}

// Batch is what one transaction of the feed writes, all in one area.
type Batch struct {
	Area  string
	Time  time.Time
	Cause string

	Households []Household // next states; Revision is the stored one plus one (1: new)
	Dues       []Due       // of others, whose state stays; nothing where the stored revision is another
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
	Outcome string // "", "OK", OutcomeSent or a reason

	Deliveries []Delivery // what it says was handed out; kept beside it, and given by Deliveries alone
}

// OutcomeSent is the Outcome of an entry below an intent that is no outcome yet: it tells
// what a reading that goes on has handed out so far.
const OutcomeSent = "SENT"

// Delivery says that a consumer was brought from one position of an area's feed to another.
type Delivery struct {
	Area  string
	Lists []string // that it read there, sorted
	From  int64    // transaction after which it went on
	To    int64    // and up to which it was brought
	Load  bool     // part of a first load

	// Of the entry that told it; filled in by the store.
	Of       string // id of the reading's intent
	Agency   string
	Client   string
	Time     time.Time
	Sequence int64 // greater for a later entry
}

// DeliveryQuery selects deliveries; empty fields do not restrict.
type DeliveryQuery struct {
	Area     string // required
	Agency   string
	From, To time.Time // To excluded; zero: no bound
	After    int64     // only those of a greater Sequence
	Limit    int       // 0: no limit; deliveries of one area have one Sequence each
}

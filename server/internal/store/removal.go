package store

import (
	"context"
	"time"
)

// RemovalReader reads what the removal procedure keeps. See Reader.
type RemovalReader interface {
	// Case is the current state of a case; ErrNotFound.
	Case(ctx context.Context, area, id string) (Case, error)
	// FindCase gives the area of a case by its id alone; ErrNotFound.
	FindCase(ctx context.Context, id string) (string, error)
	// Cases iterates over the cases that match q, ordered by Since and id.
	Cases(ctx context.Context, q CaseQuery, fn func(Case) error) error
	// Procedures lists all versions of an area's parameters, newest first.
	Procedures(ctx context.Context, area string) ([]Procedure, error)
	// HouseholdCounts counts an area's current households that are not gone, by village,
	// poverty status and support status, ordered by these.
	HouseholdCounts(ctx context.Context, area string) ([]VillageCount, error)
}

// RemovalTx writes what the removal procedure keeps. See Tx.
type RemovalTx interface {
	// LockCase locks a case until the end of the Update and gives its current state;
	// ErrNotFound. It comes after LockHouseholds and before Append.
	LockCase(ctx context.Context, area, id string) (Case, error)
	// SaveCase inserts a case (Revision 1) or replaces it. ErrStale unless its Revision is the
	// stored one plus one; otherwise ErrTaken where it is open and another open case stands for
	// the household: of these there is at most one, whoever writes at the same time. It comes
	// before Append; a refused one leaves the Update usable.
	SaveCase(ctx context.Context, c Case) error
	// SaveProcedure inserts; ErrTaken where the area has that version.
	SaveProcedure(ctx context.Context, p Procedure) error
}

// Case is a household's removal case. Only its current state is kept: the document holds
// every step.
type Case struct {
	Area       string
	ID         string
	Household  string
	Village    string
	Revision   int64 // 1, 2, 3 …
	State      string
	Open       bool   // it has not ended: no other case of the household may be open
	Waiting    string // role that it waits for; "" none
	Since      string // dates: of waiting
	Until      string // "" none
	OpenedOn   string
	Decision   string // id; "" before it is announced
	Overridden bool
	Flagged    bool
	Time       time.Time // of the last step
	Document   []byte    // sealed
}

// CaseQuery selects cases; empty fields do not restrict.
type CaseQuery struct {
	Area       string // required
	Village    string
	Household  string
	State      string
	States     []string // nil: all
	Waiting    string
	Overridden bool   // true: only these
	Flagged    bool   // true: only these
	OpenedFrom string // date: opened on it or later
	AfterSince string // with AfterID: only cases after (AfterSince, AfterID)
	AfterID    string // "": from the start
	Limit      int    // 0: no limit
}

// Procedure is one version of an area's parameters of the removal procedure.
type Procedure struct {
	Area     string
	Version  int
	From     string // date
	Document []byte // JSON; not personal
}

// VillageCount counts households.
type VillageCount struct {
	Village       string
	PovertyStatus string
	SupportStatus string
	Count         int64
}

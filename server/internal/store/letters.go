package store

import (
	"context"
	"time"
)

// LetterReader reads what is kept of letters, and the hub's counters. See Reader.
type LetterReader interface {
	// Letter is the current state of a letter; ErrNotFound.
	Letter(ctx context.Context, area, id string) (Letter, error)
	// FindLetter gives the area of a letter by its id alone; ErrNotFound.
	FindLetter(ctx context.Context, id string) (string, error)
	// Letters iterates over the letters that match q, ordered by Since and id.
	Letters(ctx context.Context, q LetterQuery, fn func(Letter) error) error
	// Counter is the last number taken of a counter; 0 for one that was never used.
	Counter(ctx context.Context, name string) (int64, error)
}

// LetterTx writes what is kept of letters. See Tx.
type LetterTx interface {
	// LockLetter locks a letter until the end of the Update and gives its current state;
	// ErrNotFound. It comes after LockCase and before Append; several are locked in order of id.
	LockLetter(ctx context.Context, area, id string) (Letter, error)
	// SaveLetter inserts a letter (Revision 1) or replaces it with its subjects and
	// recipients. ErrStale unless its Revision is the stored one plus one; otherwise ErrTaken
	// where it has a Number that another letter has, in whatever area. A refused one leaves
	// the Update usable.
	SaveLetter(ctx context.Context, l Letter) error
	// TakeNumber gives the next number of a counter: 1, 2, 3 … An Update that is rolled back
	// gives its number back: another Update that takes one of the same counter waits for it.
	TakeNumber(ctx context.Context, name string) (int64, error)
}

// Letter is an official letter. Only its current state is kept: the document holds its
// items, its steps and what every recipient did.
type Letter struct {
	Area       string
	ID         string
	Revision   int64 // 1, 2, 3 …
	Department string
	State      string
	Waiting    string            // for whom; "" nobody
	Since      string            // date: of waiting
	OpenedOn   string            // dates
	IssuedOn   string            // "" before
	Number     string            // "" before it is issued
	Subjects   []string          // ids of households and persons that its items are about, each once; order does not count
	Recipients []LetterRecipient // each agency once; order does not count
	Time       time.Time         // of the last change
	Document   []byte            // sealed
}

// LetterRecipient is an agency to which a letter is addressed.
type LetterRecipient struct {
	Agency string
	Open   bool // it has not acknowledged the letter, nor was the letter withdrawn
}

// LetterQuery selects letters; empty fields do not restrict. Letters that come from a
// query carry neither Subjects nor Recipients.
type LetterQuery struct {
	Area       string // "": all, only together with Agency
	Department string
	State      string
	Waiting    string
	Subject    string // household or person
	Agency     string // addressed to it
	Open       bool   // with Agency: and open for it
	IssuedFrom string // dates: issued on it or later
	IssuedTo   string // issued on it or earlier
	AfterSince string // with AfterID: only letters after (AfterSince, AfterID)
	AfterID    string // "": from the start
	Limit      int    // 0: no limit
}

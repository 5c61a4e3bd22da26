// Package fault holds the errors that are part of the product: a kind, a stable
// reason, the field or row, and one sentence in English and one in Chinese that
// say what to do next. It never carries internal text or personal data, and it
// knows no transport.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is the class of a fault; rpc maps each to one status code.
type Kind int

// Kinds of faults.
const (
	Internal        Kind = iota // a defect or an outage inside the hub
	Invalid                     // the request itself is wrong; the same again will fail again
	NotFound                    // no such subject, or none that the caller may know of
	Exists                      // it is already there
	Precondition                // right request, wrong state; Reason names the remedy
	Conflict                    // somebody else was faster; read again, then repeat
	Denied                      // no agreement covers it
	Unauthenticated             // no valid token
	Exhausted                   // a limit was reached
	Unavailable                 // for the moment; repeat later
)

// Reason is a stable name; it equals the proto enum value without its prefix.
type Reason string

// Violation is one wrong field of a request or of an import row.
type Violation struct {
	Field   string // path as in the proto, e.g. "persons[2].id_number"
	Reason  Reason
	Message string
	Chinese string
}

// Fault is an error that may be shown to a user.
type Fault struct {
	Kind       Kind
	Reason     Reason
	Message    string
	Chinese    string
	Meta       map[string]string // machine-readable particulars; never personal data
	Violations []Violation
	RetryAfter time.Duration // > 0 where waiting is the remedy
}

// Error gives the English sentence; it is safe to show.
func (f *Fault) Error() string {
	if len(f.Violations) == 0 {
		return string(f.Reason) + ": " + f.Message
	}
	parts := make([]string, len(f.Violations))
	for i, v := range f.Violations {
		parts[i] = v.Field + ": " + v.Message
	}
	return string(f.Reason) + ": " + strings.Join(parts, "; ")
}

// New makes a fault of a reason; pairs are key, value, … that fill the {key}
// places of the reason's sentences and become its metadata. A value in words is
// given twice: as key, and for the Chinese sentence as key_zh.
func New(r Reason, pairs ...string) *Fault {
	t := lookup(r)
	meta := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if !strings.HasSuffix(pairs[i], chinese) {
			meta[pairs[i]] = pairs[i+1]
		}
	}
	return &Fault{Kind: t.kind, Reason: r, Message: fill(t.english, pairs), Chinese: fillChinese(t.chinese, pairs), Meta: meta}
}

// Bad makes a violation of a reason at a field.
func Bad(field string, r Reason, pairs ...string) Violation {
	t := lookup(r)
	return Violation{Field: field, Reason: r, Message: fill(t.english, pairs), Chinese: fillChinese(t.chinese, pairs)}
}

// List is nil for no violations, otherwise one Invalid fault that carries them all.
func List(r Reason, violations []Violation) error {
	if len(violations) == 0 {
		return nil
	}
	f := New(r, "count", fmt.Sprint(len(violations)))
	f.Violations = violations
	return f
}

// Of finds the fault in an error chain, nil where there is none.
func Of(err error) *Fault {
	f, _ := errors.AsType[*Fault](err)
	return f
}

// Is tells whether err carries this reason.
func Is(err error, r Reason) bool {
	f := Of(err)
	return f != nil && f.Reason == r
}

// After sets how long to wait before the same request may succeed.
func (f *Fault) After(d time.Duration) *Fault {
	f.RetryAfter = d
	return f
}

func lookup(r Reason) text {
	t, ok := texts[r]
	if !ok {
		t = texts[InternalError]
	}
	return t
}

// chinese ends the key of a value that only the Chinese sentence takes.
const chinese = "_zh"

// fillChinese takes the Chinese values first; what has none is the same in both.
func fillChinese(s string, pairs []string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if key, words := strings.CutSuffix(pairs[i], chinese); words {
			s = strings.ReplaceAll(s, "{"+key+"}", pairs[i+1])
		}
	}
	return fill(s, pairs)
}

func fill(s string, pairs []string) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+pairs[i]+"}", pairs[i+1])
	}
	return s
}

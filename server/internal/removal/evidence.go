package removal

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/fault"
)

var sha256Text = regexp.MustCompile(`^[0-9a-f]{64}$`)

// dayForm is how a day is written.
const dayForm = "YYYY-MM-DD"

// evidence looks at the documents: every kind that the step needs, none of tomorrow, none
// under two kinds: minutes are no ballot count.
func (a *attempt) evidence() {
	for _, kind := range a.rule.Evidence {
		a.needsKind(kind)
	}
	for i, e := range a.s.Evidence {
		at := fmt.Sprintf("evidence[%d].", i)
		if _, known := evidenceWords[e.Kind]; !known {
			a.bad(at+"kind", fault.UnknownCode, "list", "EvidenceKind")
		}
		if !sha256Text.MatchString(e.SHA256) {
			a.bad(at+"sha256", fault.Malformed, "form", "[0-9a-f]{64}")
		}
		if first := slices.IndexFunc(a.s.Evidence, func(o Evidence) bool { return o.SHA256 == e.SHA256 && o.Kind != e.Kind }); first >= 0 && first < i {
			a.bad(at+"sha256", fault.Duplicate, "with", fmt.Sprintf("evidence[%d].sha256", first))
		}
		a.past(at+"dated", e.Dated)
	}
}

func (a *attempt) needsKind(kind EvidenceKind) {
	if !slices.ContainsFunc(a.s.Evidence, func(e Evidence) bool { return e.Kind == kind }) {
		w := kind.Label()
		a.bad("evidence", fault.EvidenceKindMissing, "kind", string(kind)+" ("+w.English+")", "kind_zh", w.Chinese)
	}
}

// past looks at a day that must be given and have come.
func (a *attempt) past(field string, d date.Date) {
	switch {
	case d == "":
		a.bad(field, fault.Required)
	case !d.Valid():
		a.bad(field, fault.Malformed, "form", dayForm)
	case d > a.x.Today:
		a.bad(field, fault.OutOfRange, "range", "≤ "+string(a.x.Today))
	}
}

// notBefore looks at a day that makes no sense before another.
func (a *attempt) notBefore(field string, d, earliest date.Date) {
	if d.Valid() && d < earliest {
		a.bad(field, fault.DateOrder, "before", string(earliest))
	}
}

// datedFrom looks at the days of the documents of some kinds.
func (a *attempt) datedFrom(earliest date.Date, kinds ...EvidenceKind) {
	for i, e := range a.s.Evidence {
		if slices.Contains(kinds, e.Kind) {
			a.notBefore(fmt.Sprintf("evidence[%d].dated", i), e.Dated, earliest)
		}
	}
}

// day is when a step happened, by its papers: the meeting's or the posting's day, else
// the newest of its documents. It is "" for no step.
func (s *Step) day() date.Date {
	switch {
	case s == nil:
		return ""
	case s.Meeting != nil:
		return s.Meeting.On
	case s.Posting != nil:
		return s.Posting.From
	}
	var newest date.Date
	for _, e := range s.Evidence {
		newest = max(newest, e.Dated)
	}
	return newest
}

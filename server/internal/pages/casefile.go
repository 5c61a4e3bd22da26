package pages

import "github.com/bangfuhub/hub/server/internal/date"

// CaseFileData is everything about one case, in order. Words are Chinese already.
type CaseFileData struct {
	ID        string // of the case
	State     string
	OpenedOn  date.Date
	PrintedOn date.Date
	Keeper    string // office that keeps the file

	Place        string // names from the province down to the township
	VillageName  string
	VillageGroup string
	HeadName     string
	Persons      []Person

	Parameters int    // version of the area's parameters
	Basis      string // what they rest on

	Steps      []Step
	Ends       []End
	Overridden bool
	Flagged    bool
	Decision   *Decision // nil before it is announced
	Reversal   *Reversal // nil unless it was taken back
}

// Person is a member of the household.
type Person struct {
	ID       string // the hub's
	Name     string
	Relation string // to the head
}

// Step is something that happened.
type Step struct {
	Number   int
	On       date.Date
	Name     string // 民主评议 …
	Role     string // in which it was taken
	Actor    string // agency and opaque id of the person
	Reason   string
	Meeting  *Meeting
	Posting  *Posting
	Holds    []string // what spoke against it
	Override bool
	Evidence []Evidence
}

// Meeting is a villagers' representatives' meeting.
type Meeting struct {
	On                        date.Date
	Members, Present, Yes, No int
}

// Abstained is how many of those present voted neither way.
func (m Meeting) Abstained() int { return m.Present - m.Yes - m.No }

// Posting says where something hung, and its days.
type Posting struct {
	Place       string
	From, Until date.Date // Until may be ""
}

// Evidence is a document behind a step.
type Evidence struct {
	Kind      string
	SHA256    string
	MediaType string
	Dated     date.Date
}

// End is the last day of a policy for a person, or for the household.
type End struct {
	Person  string // name; "" is the household
	Policy  string // name
	LastDay date.Date
	Rule    string // 立即停止, 学期末停止 …
}

// Decision is what was frozen.
type Decision struct {
	ID, Number               string
	DecidedOn, AnnouncedOn   date.Date
	EffectiveOn              date.Date
	DocumentTitle, DocNumber string
}

// Reversal took a decision back.
type Reversal struct {
	ID                       string
	On, EffectiveOn          date.Date
	Ground, Reason           string
	DocumentTitle, DocNumber string
}

// Listed is a document with the step that it stands behind.
type Listed struct {
	Evidence
	Step int
}

// Documents lists the evidence of all steps.
func (d CaseFileData) Documents() (all []Listed) {
	for _, s := range d.Steps {
		for _, e := range s.Evidence {
			all = append(all, Listed{Evidence: e, Step: s.Number})
		}
	}
	return all
}

// CaseFile makes the case file.
func CaseFile(d CaseFileData) ([]byte, error) { return render(caseFile, d) }

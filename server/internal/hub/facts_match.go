package hub

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/store"
)

// submission is one call of SubmitFacts: rows are matched in one view, then written
// area by area.
type submission struct {
	Submission
	hub     *Hub
	caller  access.Caller
	act     act
	allowed []access.Agreement
	known   map[string]held // by household id
	out     *Submitted
	plan    map[string]map[string][]factStep // area → household → what is to be done, in the order of the rows
}

// factStep is what one row does to one household: it writes its facts or opens a task.
type factStep struct {
	row    int
	person string
	task   *household.Task
}

// match finds whom the rows mean, answers them, and plans what is to be written.
func (s *submission) match(ctx context.Context, r store.Reader) (err error) {
	s.known, s.plan, s.out.Answers = map[string]held{}, map[string]map[string][]factStep{}, nil
	if s.allowed, err = s.hub.agreements(ctx, r, s.caller.Agency); err != nil {
		return err
	}
	if err := s.hub.mayWriteSomewhere(s.allowed, s.caller, s.Group, s.act.on); err != nil {
		return err
	}
	found, err := s.resolve(ctx, r)
	if err != nil {
		return err
	}
	for i, row := range s.Rows {
		m, err := s.matchRow(ctx, r, found, row)
		if err != nil {
			return err
		}
		s.answer(i, m)
	}
	return nil
}

func (s *submission) mayWrite(village string) bool {
	return access.AllowGroup(s.hub.Divisions, s.allowed, s.caller, village, s.Group, s.act.on).Verdict == access.Allowed
}

// resolve looks up the identifiers of all rows at once. Who left alive is found where
// they left from until somebody says where they live.
func (s *submission) resolve(ctx context.Context, r store.Reader) (map[household.Identifier]store.Alias, error) {
	values := map[household.IdentifierKind][]string{}
	for _, row := range s.Rows {
		for _, id := range household.RowIdentifiers(row, s.Group) {
			if !slices.Contains(values[id.Kind], id.Value) {
				values[id.Kind] = append(values[id.Kind], id.Value)
			}
		}
	}
	out := map[household.Identifier]store.Alias{}
	for kind, all := range values {
		found, err := s.hub.find(ctx, r, string(kind), all)
		if err != nil {
			return nil, err
		}
		var missing []string
		for _, v := range all {
			if _, ok := found[v]; !ok {
				missing = append(missing, leftValue(household.Identifier{Kind: kind, Value: v}))
			}
		}
		left, err := s.hub.find(ctx, r, aliasLeft, missing)
		if err != nil {
			return nil, err
		}
		for _, v := range all {
			id := household.Identifier{Kind: kind, Value: v}
			if a, ok := found[v]; ok {
				out[id] = a
			} else if a, ok := left[leftValue(id)]; ok {
				out[id] = a
			}
		}
	}
	return out, nil
}

func (s *submission) matchRow(ctx context.Context, r store.Reader, found map[household.Identifier]store.Alias, row *household.Household) (household.Matching, error) {
	var leads []household.Lead
	byPerson := false
	for _, id := range household.RowIdentifiers(row, s.Group) {
		a, ok := found[id]
		if !ok {
			continue
		}
		subject, err := s.subject(ctx, r, a)
		if err != nil {
			return household.Matching{}, err
		}
		byPerson = byPerson || subject.Person != nil
		leads = append(leads, household.Lead{Kind: id.Kind, Value: id.Value, Subject: subject})
	}
	var named []household.Subject
	if !byPerson && len(row.Persons) == 1 && row.Persons[0].Name != "" {
		const most = 100 // namesakes; more would be no help to the person who decides
		same, err := r.Names(ctx, s.hub.Keys.Hash(aliasName, household.NormaliseName(row.Persons[0].Name)), nil, most)
		if err != nil {
			return household.Matching{}, err
		}
		for _, a := range same {
			subject, err := s.subject(ctx, r, a)
			if err != nil {
				return household.Matching{}, err
			}
			named = append(named, subject)
		}
	}
	return household.Match(row, s.Group, leads, named, s.act.on), nil
}

// subject opens where an alias leads.
func (s *submission) subject(ctx context.Context, r store.Reader, a store.Alias) (household.Subject, error) {
	was, ok := s.known[a.Household]
	if !ok {
		area, err := s.hub.where(ctx, r, a.Household)
		if err != nil {
			return household.Subject{}, err
		}
		if was.row, err = r.Household(ctx, area, a.Household); err != nil {
			return household.Subject{}, err
		}
		if was.facts, err = s.hub.openHousehold(was.row); err != nil {
			return household.Subject{}, err
		}
		s.known[a.Household] = was
	}
	return household.Subject{Household: was.facts, Person: was.facts.Person(a.Person)}, nil
}

// answer answers a row and plans what it does. What lies outside the caller's
// divisions is not there: that a household exists is itself a fact about people.
func (s *submission) answer(i int, m household.Matching) {
	m.Candidates = slices.DeleteFunc(m.Candidates, func(c household.Subject) bool { return !s.mayWrite(c.Household.Village) })
	hidden := m.Household != nil && !s.mayWrite(m.Household.Village)
	if hidden || (m.State == household.Ambiguous && len(m.Candidates) == 0) {
		m = household.Matching{State: household.NotFound, Reason: fault.New(fault.MatchNotFound)}
	}
	a := Answer{Index: i, State: m.State, Reason: m.Reason, Differs: m.Differs}
	if m.Household != nil {
		a.Household, a.Person = m.Household.ID, idOf(m.Person)
	}
	for _, c := range m.Candidates {
		a.Candidates = append(a.Candidates, Candidate{Household: c.Household.ID, Person: idOf(c.Person)})
	}
	s.out.Answers = append(s.out.Answers, a)
	switch m.State {
	case household.Matched, household.MatchedByFormer:
		s.add(i, m.Subject, nil)
		if len(m.Differs) > 0 {
			s.add(i, m.Subject, s.task(i, household.TaskMismatch, m.Subject, m.Differs))
		}
	case household.NotApplicable:
		s.add(i, m.Subject, s.task(i, household.TaskNotApplicable, m.Subject, nil))
	case household.Ambiguous:
		for _, c := range m.Candidates {
			s.add(i, c, s.task(i, household.TaskAmbiguous, c, nil))
		}
	}
}

func idOf(p *household.Person) string {
	if p == nil {
		return ""
	}
	return p.ID
}

func (s *submission) add(row int, to household.Subject, task *household.Task) {
	area := s.known[to.Household.ID].row.Area
	if s.plan[area] == nil {
		s.plan[area] = map[string][]factStep{}
	}
	s.plan[area][to.Household.ID] = append(s.plan[area][to.Household.ID], factStep{row: row, person: idOf(to.Person), task: task})
}

// task makes the task that a row opens. Its id is a keyed hash of what is odd about the
// row, so that the same row opens no second one and nobody learns the row from it.
func (s *submission) task(i int, kind household.TaskKind, about household.Subject, differs []string) *household.Task {
	parts := []any{kind, s.Group, about.Household.ID, idOf(about.Person)}
	if about.Person != nil {
		parts[2] = "" // the person takes the task along
	}
	if kind != household.TaskNotApplicable {
		for _, p := range s.Rows[i].Persons {
			parts = append(parts, household.NormaliseName(p.Name), p.BirthDate, p.Sex)
		}
	}
	if kind == household.TaskAmbiguous {
		parts = append(parts, household.RowIdentifiers(s.Rows[i], s.Group))
	}
	b, _ := json.Marshal(parts) //nolint:errchkjson // texts only
	return &household.Task{
		ID: "task_" + hex.EncodeToString(s.hub.Keys.Hash("task", string(b))[:10]), Kind: kind, Group: s.Group,
		Person: idOf(about.Person), Fields: differs, OpenedOn: s.act.on,
	}
}

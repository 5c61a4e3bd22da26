package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/bangfuhub/hub/server"
)

// historyCmd takes no identifier as a flag: flags are seen in the process list.
type historyCmd struct {
	storeFlags
	Household string `arg:"" optional:"" help:"The hub's id of a household. Without it an identifier is read from standard input."`
	Kind      string `help:"Kind of the identifier on standard input." enum:"ID_NUMBER,HOUSEHOLD_NUMBER,PERSON_NUMBER,STUDENT_NUMBER" default:"HOUSEHOLD_NUMBER"`
	From      int64  `help:"Only what changed after this revision."`
	To        int64  `help:"Only what changed up to this revision. Default: the newest."`
	FromArea  string `help:"Area in which --from was made; needed where a household moved between areas and has two of one number."`
	ToArea    string `help:"Area in which --to was made."`
	Agency    string `help:"Agency that asks; its agreement decides what is answered." default:"office"`
	JSON      bool   `help:"One JSON object a revision." name:"json"`
}

// Run prints who changed what, when and why.
func (c historyCmd) Run(ctx context.Context) error {
	from, to := server.RevisionName{Revision: c.From, Area: c.FromArea}, server.RevisionName{Revision: c.To, Area: c.ToArea}
	show := historyText
	if c.JSON {
		show = historyJSON
	}
	caller := server.Caller{Agency: c.Agency, Client: "hubd"}
	return c.with(ctx, func(s *server.Server) error {
		households, err := c.households(ctx, s, caller)
		if err != nil {
			return err
		}
		for _, id := range households {
			steps, err := s.History(ctx, caller, id, from, to)
			if err != nil {
				return err
			}
			if err := show(os.Stdout, id, steps); err != nil {
				return err
			}
		}
		return nil
	})
}

// households are those asked for: a person may stand in several, formerly or by mistake.
func (c historyCmd) households(ctx context.Context, s *server.Server, caller server.Caller) ([]string, error) {
	if c.Household != "" {
		return []string{c.Household}, nil
	}
	value, err := readLine(os.Stdin)
	if err != nil {
		return nil, err
	}
	return s.Find(ctx, caller, c.Kind, value)
}

// historyStep is one revision, as --json prints it.
type historyStep struct {
	Household    string              `json:"household"`
	Revision     int64               `json:"revision"`
	Area         string              `json:"area"`
	Time         time.Time           `json:"time"`
	Actor        string              `json:"actor"`
	Cause        string              `json:"cause"`
	CauseLabel   string              `json:"cause_label"`
	CauseLabelEn string              `json:"cause_label_en"`
	Differences  []historyDifference `json:"differences"`
}

type historyDifference struct {
	Path   string       `json:"path"`
	Group  server.Group `json:"group,omitempty"`
	Kind   string       `json:"kind"`
	Text   string       `json:"text"`
	TextEn string       `json:"text_en"`
}

func historyJSON(w io.Writer, household string, steps []server.Comparison) error {
	out := json.NewEncoder(w)
	for _, s := range steps {
		why := s.To.Why()
		step := historyStep{
			Household: household, Revision: s.To.Revision, Area: s.To.Area, Time: s.To.Time, Actor: s.To.Actor,
			Cause: s.To.Cause, CauseLabel: why.Chinese, CauseLabelEn: why.English, Differences: []historyDifference{},
		}
		for _, d := range s.Differences {
			text := d.Text()
			step.Differences = append(step.Differences, historyDifference{d.Path, d.Group, string(d.Kind), text.Chinese, text.English})
		}
		if err := out.Encode(step); err != nil {
			return err
		}
	}
	return nil
}

func historyText(w io.Writer, household string, steps []server.Comparison) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", household)
	for _, s := range steps {
		why := s.To.Why()
		fmt.Fprintf(&b, "%s %d  %s  %s  %s %s\n", s.To.Area, s.To.Revision, s.To.Time.Format("2006-01-02 15:04"), s.To.Actor, why.Chinese, why.English)
		switch {
		case s.From.Revision == 0:
			b.WriteString("  首次登记 / first registered\n")
		case len(s.Differences) == 0:
			b.WriteString("  信息无变化 / no fact changed\n")
		}
		for _, d := range s.Differences {
			text := d.Text()
			fmt.Fprintf(&b, "  %s\n  %s\n", text.Chinese, text.English)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

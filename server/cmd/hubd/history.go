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

type historyCmd struct {
	storeFlags
	Household string `arg:"" help:"The hub's id of a household (hubd explain and LookUpHouseholds find it)."`
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
	return c.with(ctx, func(s *server.Server) error {
		steps, err := s.History(ctx, server.Caller{Agency: c.Agency, Client: "hubd"}, c.Household, from, to)
		if err != nil {
			return err
		}
		if c.JSON {
			return historyJSON(os.Stdout, steps)
		}
		return historyText(os.Stdout, steps)
	})
}

// historyStep is one revision, as --json prints it.
type historyStep struct {
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

func historyJSON(w io.Writer, steps []server.Comparison) error {
	out := json.NewEncoder(w)
	for _, s := range steps {
		why := s.To.Why()
		step := historyStep{
			Revision: s.To.Revision, Area: s.To.Area, Time: s.To.Time, Actor: s.To.Actor,
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

func historyText(w io.Writer, steps []server.Comparison) error {
	var b strings.Builder
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

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bangfuhub/hub/server"
)

type tokenCmd struct {
	storeFlags
	Agency string        `help:"Agency that the token stands for." required:""`
	Client string        `help:"System that calls." default:"hubsync"`
	Person string        `help:"Opaque id of the person who acts, where one does."`
	Lasts  time.Duration `help:"How long it is valid." default:"12h"`
}

// Run prints a token.
func (c tokenCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		t, err := s.Token(server.Caller{Agency: c.Agency, Client: c.Client, Person: c.Person}, c.Lasts)
		if err == nil {
			fmt.Println(t)
		}
		return err
	})
}

type agreementCmd struct {
	Save saveAgreementCmd  `cmd:"" help:"Record an agreement; one with the same id is replaced."`
	List listAgreementsCmd `cmd:"" help:"List agreements."`
}

type saveAgreementCmd struct {
	storeFlags
	ID          string         `arg:"" help:"Id of the agreement."`
	Agency      string         `help:"Agency that it is made with." required:""`
	Lists       []string       `help:"Lists that it may read."`
	In          []string       `help:"Divisions (12-digit codes) that it covers. Default: the whole province." placeholder:"CODE"`
	Groups      []server.Group `help:"Fact groups that it may write."`
	Households  bool           `help:"It may read whole households."`
	Catalogue   bool           `help:"It may submit and activate catalogues."`
	Removal     []string       `help:"Roles in which its persons act in the removal procedure: propose, review, confirm." placeholder:"ROLE"`
	Letters     []string       `help:"Roles in which its persons act on letters: prepare, sign." placeholder:"ROLE"`
	Receives    []string       `help:"Departments whose letters it receives; the divisions must be whole areas." placeholder:"DEPARTMENT"`
	Purpose     string         `help:"What the data is for." required:""`
	Basis       string         `help:"Document and clause that it rests on." required:""`
	From, Until server.Date    `help:"First and last day, YYYY-MM-DD. From is today by default; without Until it is open."`
}

// Run records the agreement.
func (c saveAgreementCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		if len(c.In) == 0 {
			c.In = []string{s.Province()}
		}
		if c.From == "" {
			c.From = s.Today()
		}
		var roles []server.RemovalRole
		for _, role := range c.Removal {
			roles = append(roles, server.RemovalRole(strings.ToUpper(role)))
		}
		var onLetters []server.LetterRole
		for _, role := range c.Letters {
			onLetters = append(onLetters, server.LetterRole(strings.ToUpper(role)))
		}
		return s.SaveAgreement(ctx, server.Agreement{
			Letters: onLetters, Receives: c.Receives,
			ID: c.ID, Agency: c.Agency, Lists: c.Lists, Divisions: c.In, Groups: c.Groups, Households: c.Households,
			Catalogue: c.Catalogue, Removal: roles, Purpose: c.Purpose, Basis: c.Basis, From: c.From, Until: c.Until,
		})
	})
}

type listAgreementsCmd struct {
	storeFlags
	Agency string `help:"Only those of this agency."`
	JSON   bool   `help:"One JSON object a line." name:"json"`
}

// Run lists agreements.
func (c listAgreementsCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		all, err := s.Agreements(ctx, c.Agency)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, a := range all {
			if c.JSON {
				err = json.NewEncoder(os.Stdout).Encode(a)
			} else {
				_, err = fmt.Fprintf(w, "%s\t%s\t%s to %s\tlists %v\tremoval %v\tletters %v\treceives %v\tdivisions %v\t%s\n",
					a.ID, a.Agency, a.From, orOpen(a.Until), a.Lists, a.Removal, a.Letters, a.Receives, a.Divisions, a.Purpose)
			}
			if err != nil {
				return err
			}
		}
		return w.Flush()
	})
}

func orOpen(d server.Date) string {
	if d == "" {
		return "open"
	}
	return string(d)
}

type catalogueCmd struct {
	Show     showCatalogueCmd     `cmd:"" help:"Print the catalogue that ships with the program."`
	Check    checkCatalogueCmd    `cmd:"" help:"Check a catalogue file."`
	List     listCataloguesCmd    `cmd:"" help:"List the stored versions."`
	Submit   submitCatalogueCmd   `cmd:"" help:"Check and store a catalogue."`
	Preview  previewCatalogueCmd  `cmd:"" help:"Count what a stored version would change."`
	Activate activateCatalogueCmd `cmd:"" help:"Activate a previewed version: the second person's yes."`
}

// actor is the person who works on the catalogue on the hub's own machine.
type actor struct {
	Agency string `help:"Agency of the person." default:"office"`
	Person string `help:"Opaque id of the person who acts." required:""`
}

func (a actor) caller() server.Caller {
	return server.Caller{Agency: a.Agency, Client: "hubd", Person: a.Person}
}

type showCatalogueCmd struct{}

// Run prints the embedded catalogue.
func (showCatalogueCmd) Run() error {
	_, err := os.Stdout.Write(server.EmbeddedCatalogue())
	return err
}

type checkCatalogueCmd struct {
	File string `arg:"" help:"YAML file." type:"existingfile"`
}

// Run checks a file.
func (c checkCatalogueCmd) Run() error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	v, err := server.CheckCatalogue(text)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	fmt.Println(v)
	return nil
}

type listCataloguesCmd struct{ storeFlags }

// Run lists the versions.
func (c listCataloguesCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		all, err := s.Catalogues(ctx)
		for _, v := range all {
			fmt.Printf("%s\t%s\tsubmitted by %s\tactivated by %s\n", v.Version, v.State, v.SubmittedBy, v.ActivatedBy)
		}
		return err
	})
}

type submitCatalogueCmd struct {
	storeFlags
	actor
	File string `arg:"" help:"YAML file." type:"existingfile"`
}

// Run stores a catalogue.
func (c submitCatalogueCmd) Run(ctx context.Context) error {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	return c.with(ctx, func(s *server.Server) error {
		v, err := s.SubmitCatalogue(ctx, c.caller(), string(text))
		if err == nil {
			fmt.Println(v.Version, v.State)
		}
		return err
	})
}

type previewCatalogueCmd struct {
	storeFlags
	actor
	CatalogueVersion string `arg:"" help:"Version to preview."`
}

// Run previews a version.
func (c previewCatalogueCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		p, err := s.PreviewCatalogue(ctx, c.caller(), c.CatalogueVersion)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		_, _ = fmt.Fprintln(w, "area\tlist\trecords\tadded\tchanged\tended\t")
		for _, e := range p.Effects {
			if e.Added+e.Changed+e.Ended > 0 {
				_, _ = fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t\n", e.Area, e.List, e.Records, e.Added, e.Changed, e.Ended)
			}
		}
		return w.Flush()
	})
}

type activateCatalogueCmd struct {
	storeFlags
	actor
	CatalogueVersion string `arg:"" help:"Version to activate."`
	Override         string `help:"Reason for activating although more than the set share would leave." placeholder:"REASON"`
}

// Run activates a version.
func (c activateCatalogueCmd) Run(ctx context.Context) error {
	return c.with(ctx, func(s *server.Server) error {
		v, err := s.ActivateCatalogue(ctx, c.caller(), c.CatalogueVersion, c.Override)
		if err != nil {
			return err
		}
		d, err := s.Derive(ctx)
		fmt.Printf("%s is active; %d households derived, %d changed\n", v.Version, d.Households, d.Changed)
		return err
	})
}

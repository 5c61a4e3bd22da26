package server

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"time"

	"github.com/bangfuhub/hub/server/internal/access"
	"github.com/bangfuhub/hub/server/internal/authn"
	"github.com/bangfuhub/hub/server/internal/catalogue"
	"github.com/bangfuhub/hub/server/internal/date"
	"github.com/bangfuhub/hub/server/internal/division"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/hub"
	"github.com/bangfuhub/hub/server/internal/imports"
	"github.com/bangfuhub/hub/server/internal/invented"
	"github.com/bangfuhub/hub/server/internal/letter"
	"github.com/bangfuhub/hub/server/internal/register"
	"github.com/bangfuhub/hub/server/internal/removal"
	"github.com/bangfuhub/hub/server/internal/seal"
	"github.com/bangfuhub/hub/server/internal/sheet"
	"github.com/bangfuhub/hub/server/internal/store"
	"github.com/bangfuhub/hub/server/internal/wire"
)

// What the administration on the hub's own machine speaks of.
type (
	// Agreement says who may read or write what, for what purpose and how long.
	Agreement = access.Agreement
	// Caller is who calls: agency, client and, where a person acts, the person.
	Caller = access.Caller
	// Date is a day, "YYYY-MM-DD".
	Date = date.Date
	// Group is a set of facts with one owner.
	Group = household.Group
	// RemovalRole is a capacity in which persons act in the removal procedure.
	RemovalRole = removal.Role
	// LetterRole is a capacity in which persons act on letters.
	LetterRole = letter.Role
	// Derived counts what a derivation pass did.
	Derived = hub.Derived
	// Preview is the effect that a catalogue would have.
	Preview = hub.Preview
	// CatalogueVersion is a stored catalogue.
	CatalogueVersion = store.Catalogue
	// Question asks whether somebody is entitled to a policy on a day.
	Question = hub.Question
	// Subject is whom a question is about.
	Subject = hub.Subject
	// EntitlementAnswer is the answer to a question.
	EntitlementAnswer = hub.EntitlementAnswer
	// File is a file to import, with how to read it.
	File = imports.File
	// ImportOptions says in whose name a file is loaded, and what to do meanwhile.
	ImportOptions = imports.Options
	// ImportResult counts what an import did or would do.
	ImportResult = imports.Result
	// Rejected is a line of the report about NDJSON.
	Rejected = imports.Rejected
	// Changes counts what an import changes, by kind.
	Changes = hub.Changes
	// Mapping says what the columns of a file mean.
	Mapping = imports.Mapping
)

// Orders are how the rows of a household may stand in a file.
var Orders = map[string]imports.Order{"detect": imports.OrderDetect, "grouped": imports.OrderGrouped, "any": imports.OrderAny}

// LoadMapping finds an embedded mapping by its name, or reads a file.
func LoadMapping(nameOrFile string) (*Mapping, error) { return imports.LoadMapping(nameOrFile) }

// FileFormat tells by the content of a file what it is: "ndjson", "xlsx" or "csv".
func FileFormat(r io.ReaderAt, size int64) (string, error) { return imports.FormatOf(r, size) }

// Import loads NDJSON, one household a line.
func (s *Server) Import(ctx context.Context, r io.Reader, opt ImportOptions) (ImportResult, error) {
	return s.imports.Lines(ctx, r, opt)
}

// ImportFile loads a register file, a department's file or NDJSON.
func (s *Server) ImportFile(ctx context.Context, f File, opt ImportOptions) (ImportResult, error) {
	return s.imports.Load(ctx, f, opt)
}

// Token issues a token signed with a stand-alone hub's own key.
func (s *Server) Token(c Caller, ttl time.Duration) (string, error) {
	if s.cfg.Data == "" {
		return "", errors.New("only a stand-alone hub (--data) issues tokens; with PostgreSQL they come from your identity provider")
	}
	if err := authn.CreateKey(s.cfg.Data); err != nil {
		return "", err
	}
	signer, err := authn.LoadSigner(authn.SignerConfig{
		Dir: s.cfg.Data, Issuer: s.cfg.Issuer, Audience: s.cfg.Audience, Clock: s.cfg.Clock,
	})
	if err != nil {
		return "", err
	}
	return signer.Token(c, ttl)
}

// SaveAgreement records an agreement; one with the same id is replaced.
func (s *Server) SaveAgreement(ctx context.Context, a Agreement) error {
	return s.hub.SaveAgreement(ctx, a)
}

// Agreements lists an agency's agreements, all of them for "".
func (s *Server) Agreements(ctx context.Context, agency string) ([]Agreement, error) {
	return s.hub.Agreements(ctx, agency)
}

// Derive derives every area that is not derived for today. Where a hub that runs on the same
// store is doing that, it waits, and derives what is left.
func (s *Server) Derive(ctx context.Context) (Derived, error) { return s.hub.DeriveAlone(ctx) }

// Today is the current day in Hainan.
func (s *Server) Today() Date { return s.hub.Today() }

// Province is the code of the division above all others.
func (s *Server) Province() string { return s.tree.Children("")[0] }

// SubmitCatalogue stores a catalogue's text.
func (s *Server) SubmitCatalogue(ctx context.Context, c Caller, text string) (CatalogueVersion, error) {
	return s.hub.SubmitCatalogue(ctx, c, text)
}

// PreviewCatalogue counts what a version would change.
func (s *Server) PreviewCatalogue(ctx context.Context, c Caller, version string) (Preview, error) {
	return s.hub.PreviewCatalogue(ctx, c, version)
}

// ActivateCatalogue is the second person's yes.
func (s *Server) ActivateCatalogue(ctx context.Context, c Caller, version, overrideReason string) (CatalogueVersion, error) {
	return s.hub.ActivateCatalogue(ctx, c, version, overrideReason)
}

// Catalogues lists all versions, newest first.
func (s *Server) Catalogues(ctx context.Context) ([]CatalogueVersion, error) {
	return s.hub.Catalogues(ctx, Caller{})
}

// CheckCatalogue parses a catalogue without a hub.
func CheckCatalogue(text []byte) (version string, err error) {
	c, err := catalogue.Parse(text)
	if err != nil {
		return "", err
	}
	return c.Version, nil
}

// EmbeddedCatalogue is the text of the catalogue that ships with the program.
func EmbeddedCatalogue() []byte { return catalogue.Hainan2019() }

// CreateKeys makes a file of data keys; it never overwrites one.
func CreateKeys(path string) error {
	_, err := seal.Create(filepath.Clean(path))
	return err
}

// Generate writes invented households, one a line, in the form that Import reads,
// and counts their present members. The same number, seed and day give the same lines.
func Generate(w io.Writer, households int, seed uint64, on Date, progress func(done int)) (members int, err error) {
	done := 0
	for h := range invented.Generate(invented.Config{Households: households, Seed: seed, On: on, Tree: division.Hainan()}) {
		line, err := wire.HouseholdToJSON(h)
		if err != nil {
			return members, err
		}
		if _, err := w.Write(append(line, '\n')); err != nil {
			return members, err
		}
		members += len(h.PresentOn(on))
		if done++; progress != nil {
			progress(done)
		}
	}
	return members, nil
}

// GenerateRegister writes the same households as rows of the national export, "csv" or "xlsx".
// Those who left the register are left out: rows can't carry the document that this needs.
func GenerateRegister(w io.Writer, format string, households int, seed uint64, on Date, progress func(done int)) error {
	all := invented.Generate(invented.Config{Households: households, Seed: seed, On: on, Tree: division.Hainan()})
	done := 0
	return register.Write(w, sheet.Format(format), func(yield func(*household.Household) bool) {
		for h := range all {
			if len(h.Decisions) == 0 && h.Closing == nil && !yield(h) {
				return
			}
			if done++; progress != nil {
				progress(done)
			}
		}
	})
}

// Lists names the lists of the active catalogue, in its order.
func (s *Server) Lists(ctx context.Context) []string {
	c, err := s.hub.Catalogue(ctx, "")
	if err != nil {
		return nil
	}
	out := make([]string, len(c.Lists))
	for i, l := range c.Lists {
		out[i] = l.Name
	}
	return out
}

// Explain says for a person or household which policies they are entitled to on a day,
// and why or why not. The caller's agreement decides what is answered.
func (s *Server) Explain(ctx context.Context, c Caller, q Question) ([]EntitlementAnswer, error) {
	return s.hub.ExplainEntitlements(ctx, c, q)
}

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/household"
	"github.com/bangfuhub/hub/server/internal/register"
	"github.com/bangfuhub/hub/server/internal/sheet"
)

// unitRun is how many households of a register file are handed on at once.
const unitRun = 64

// RegisterFile is an XLSX or CSV file with how to read it.
type RegisterFile struct {
	Content io.ReaderAt
	Size    int64
	Name    string
	Mapping string // name of an embedded mapping or a file; "" is the national export
	Source  string // "" is the mapping's
	AsOf    Date   // the day that the file describes; "" is today
	Order   string // "detect" (or ""), "grouped" or "any"
	Scratch string // folder for temporary data; "" is the system's
	// Rejected makes the file for rejected rows, when there is one. It may be nil.
	Rejected func() (io.Writer, error)
}

var orders = map[string]register.Order{
	"": register.OrderDetect, "detect": register.OrderDetect, "grouped": register.OrderGrouped, "any": register.OrderAny,
}

// ImportRegister loads a register file of the office: what Import says holds here too. Rejected
// households are written, with the reasons, in the form of the file, to be mended and sent again.
func (s *Server) ImportRegister(ctx context.Context, f RegisterFile, opt ImportOptions) (ImportResult, error) {
	file, err := s.openRegister(ctx, f)
	if err != nil {
		return ImportResult{}, err
	}
	if g := file.Mapping().Group; g != household.GroupRegister {
		return ImportResult{}, fault.New(fault.GroupNotOwned, "group", string(g))
	}
	im := s.newImport(opt)
	r := &unitReport{file: file, create: f.Rejected, run: im}
	im.reject = r.reject
	result, err := im.audited(ctx, func(ctx context.Context, out chan<- []numbered) error { return readUnits(ctx, file, out) })
	return result, errors.Join(err, r.close())
}

func (s *Server) openRegister(ctx context.Context, f RegisterFile) (*register.File, error) {
	order, known := orders[f.Order]
	if !known {
		return nil, fmt.Errorf("order %q: use detect, grouped or any", f.Order)
	}
	cfg := register.Config{Source: f.Source, AsOf: f.AsOf, Order: order, Scratch: f.Scratch, Tree: s.tree}
	if cfg.AsOf == "" {
		cfg.AsOf = s.hub.Today()
	}
	if f.Mapping != "" {
		var err error
		if cfg.Mapping, err = register.LoadMapping(f.Mapping); err != nil {
			return nil, err
		}
	}
	return register.Open(ctx, f.Content, f.Size, f.Name, cfg)
}

// readUnits hands on the households of a file in runs.
func readUnits(ctx context.Context, file *register.File, out chan<- []numbered) error {
	var run []numbered
	send := func() error {
		select {
		case out <- run:
			run = nil
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for u, err := range file.Units(ctx) {
		if err != nil {
			return err
		}
		run = append(run, numbered{unit: &u, household: u.Household})
		if len(run) == unitRun {
			if err := send(); err != nil {
				return err
			}
		}
	}
	return send()
}

// FileFormat tells by the content of a file what it is: "ndjson", "xlsx" or "csv".
func FileFormat(r io.ReaderAt, size int64) (string, error) {
	head := make([]byte, min(size, 1024))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	text := bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")))
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return string(sheet.XLSX), nil
	case len(text) == 0 || text[0] == '{':
		return "ndjson", nil
	}
	return string(sheet.CSV), nil
}

// unitReport is begun with the first rejected household.
type unitReport struct {
	file   *register.File
	create func() (io.Writer, error)
	run    *importRun
	out    *register.Report
}

func (r *unitReport) reject(n numbered, f *fault.Fault) error {
	problems := n.unit.Problems
	switch {
	case f == nil:
	case len(f.Violations) == 0:
		problems = []register.Problem{{Row: n.unit.Rows[0], Reason: f.Reason, Message: f.Message, Chinese: f.Chinese}}
	default:
		for _, v := range f.Violations {
			problems = append(problems, n.unit.Place(v))
		}
	}
	reasons := map[fault.Reason]bool{}
	for _, p := range problems {
		reasons[p.Reason] = true
	}
	r.run.refused(reasons)
	return r.write(n.unit, problems)
}

func (r *unitReport) write(u *register.Unit, problems []register.Problem) error {
	if r.create == nil {
		return nil
	}
	if r.out == nil {
		w, err := r.create()
		if err != nil {
			return err
		}
		if r.out, err = r.file.Report(w); err != nil {
			return err
		}
	}
	return r.out.Reject(u, problems)
}

func (r *unitReport) close() error {
	if r.out == nil {
		return nil
	}
	return r.out.Close()
}

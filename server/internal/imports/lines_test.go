package imports

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/bangfuhub/hub/server/internal/fault"
	"github.com/bangfuhub/hub/server/internal/hub"
)

// A small line can stand for a great many persons; it is refused before they are made.
func TestALineOfTooManyPartsIsRefusedUnread(t *testing.T) {
	many := []byte(`{"persons":[` + strings.Repeat("{},", 200_000) + `{}]}`)
	if h, err := decodeLine(many); h != nil || !fault.Is(err, fault.LimitReached) {
		t.Errorf("%v", err)
	}
	if h, err := decodeLine([]byte(`{"persons":[` + strings.Repeat("{},", maxParts-3) + `{}]}`)); err != nil || h == nil {
		t.Errorf("as many as may be: %v", err)
	}
	if h, err := decodeLine([]byte(" \n")); h != nil || err != nil {
		t.Errorf("an empty line: %v %v", h, err)
	}
	if _, err := decodeLine(nil); !fault.Is(err, fault.LimitReached) {
		t.Errorf("a line that was too long: %v", err)
	}
}

// Runs end by size as well as by count, so that long lines don't pile up in memory.
func TestRunsEndBySize(t *testing.T) {
	line := []byte(`{"household_number":"` + strings.Repeat("9", 900<<10) + "\"}\n")
	out := make(chan []numbered, 10)
	im := &importRun{}
	if err := im.readLines(t.Context(), bytes.NewReader(bytes.Repeat(line, 12)), out); err != nil {
		t.Fatal(err)
	}
	close(out)
	runs := 0
	for run := range out {
		if runs++; len(run) > 5 {
			t.Errorf("%d lines at once", len(run))
		}
	}
	if runs < 3 {
		t.Errorf("%d runs", runs)
	}
}

// A household that meets a defect of the hub ends the import, not the hub.
func TestAPanicEndsTheImportOnly(t *testing.T) {
	im := &importRun{Importer: New(Config{Hub: quietHub()})}
	if err := im.guarded(func() error { panic("what stood in the file") })(); !errors.Is(err, errPanicked) || strings.Contains(err.Error(), "file") {
		t.Errorf("%v", err)
	}
	if err := im.guarded(func() error { return nil })(); err != nil {
		t.Error(err)
	}
}

func quietHub() *hub.Hub { return &hub.Hub{Config: hub.Config{Log: slog.New(slog.DiscardHandler)}} }

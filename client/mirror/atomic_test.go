package mirror

import (
	"context"
	"errors"
	"maps"
	"testing"
)

var errKilled = errors.New("killed")

// mortal is a sink that dies after so many transactions.
type mortal struct {
	Sink
	left int
}

func (m *mortal) update(ctx context.Context, fn func(sinkTx) error) error {
	if m.left == 0 {
		return errKilled
	}
	m.left--
	return m.Sink.update(ctx, fn)
}

// cursor is that of the visible rows.
func (b *bench) cursor() (text string) {
	b.Helper()
	err := b.sink.update(context.Background(), func(tx sinkTx) error {
		return tx.query(context.Background(), "SELECT cursor FROM hub_state WHERE side = 'live'", nil, func(scan func(...any) error) error {
			return scan(&text)
		})
	})
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// Killed between any two transactions, a run leaves rows and cursor either both as they
// were or both as they are now.
func TestRowsAndCursorMoveInOneTransaction(t *testing.T) {
	onEveryEngine(t, func(t *testing.T, b *bench) {
		b.fill(3)
		b.pull()
		rows, cursor := visibleRows(t, b.sink, status1), b.cursor()
		b.hub.Commit(area1, "UPDATE", household(0).Put(village2, statusRecord(9)), household(1).End("DECISION"), household(7).Put(village1, statusRecord(1)))
		var old, moved int
		for left := 0; ; left++ {
			b.open()
			b.configure(func(c *Config) { c.Sink = &mortal{Sink: b.sink, left: left} })
			_, err := b.sync.Pull(context.Background())
			rowsMoved, cursorMoved := !maps.Equal(visibleRows(t, b.sink, status1), rows), b.cursor() != cursor
			if rowsMoved != cursorMoved {
				t.Fatalf("killed after %d transactions: rows moved %t, cursor moved %t", left, rowsMoved, cursorMoved)
			}
			if err == nil {
				break
			}
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			if cursorMoved {
				moved++
			} else {
				old++
			}
		}
		if old == 0 || moved == 0 {
			t.Fatalf("killed %d times before the page was stored and %d times after it; want some of both", old, moved)
		}
		b.mustEqualHub()
	})
}

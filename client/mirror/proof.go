package mirror

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// roster is the list of persons no longer supported, about which letters are proved.
const roster = "no-longer-supported"

// NoListError says that the copy holds nothing of a list: the agency's agreement, or
// Config.Lists, leaves it out.
type NoListError struct{ List string }

// Error names the list and the two places to look at.
func (e *NoListError) Error() string {
	return fmt.Sprintf("mirror: this copy does not hold list %q: the agency's agreement or the choice of lists leaves it out", e.List)
}

// Proof says what the copy holds about persons on the roster of those no longer
// supported, as CopyProof in letter_service.proto wants it: the rows' hashes are computed
// anew from the columns. It changes nothing, and may be called from Follow's report.
func (s *Syncer) Proof(ctx context.Context, persons []string) (*hubv1.CopyProof, error) {
	if len(s.config.Lists) > 0 && !slices.Contains(s.config.Lists, roster) {
		return nil, &NoListError{roster}
	}
	p := prover{asked: make(map[string]bool, len(persons)), divisions: s.config.Divisions}
	for _, person := range persons {
		p.asked[person] = true
	}
	// A Syncer of its own: what this one knows of a run under way stays.
	at := &Syncer{config: s.config}
	err := s.config.Sink.update(ctx, func(tx sinkTx) error {
		if err := standStill(ctx, tx); err != nil {
			return err
		}
		if err := at.read(ctx, tx); err != nil {
			return err
		}
		if t := at.visible[roster]; t != nil {
			return p.gather(ctx, tx, t)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case at.state.side == loading:
		return nil, ErrLoading
	case len(at.state.positions) == 0:
		return nil, errors.New("mirror: nothing was pulled into this copy yet")
	}
	if p.seen == 0 {
		if err := s.covered(ctx, roster); err != nil {
			return nil, err
		}
	}
	return p.proof(at.state.positions), nil
}

// standStill keeps every program from moving the mirror until the transaction ends, so
// that positions and rows are of one moment; a load's state is locked first, as a run does.
func standStill(ctx context.Context, tx sinkTx) error {
	for _, on := range []side{loading, live} {
		if _, err := tx.exec(ctx, "UPDATE hub_state SET cursor = cursor WHERE side = $1", string(on)); err != nil {
			return err
		}
	}
	return nil
}

// covered asks the hub whether a list without a row here is one that may be read: an
// empty roster proves something, one that no agreement covers does not.
func (s *Syncer) covered(ctx context.Context, list string) error {
	scope := &hubv1.Scope{Lists: []string{list}, Divisions: s.config.Divisions}
	_, err := s.config.Client.Sync().GetDigests(ctx, &hubv1.GetDigestsRequest{Scope: scope})
	if e := client.Of(err); e != nil && (e.Remedy == client.AskOffice || e.Reason == hubv1.Reason_REASON_LIST_NOT_FOUND) {
		return &NoListError{list}
	}
	return err
}

// prover gathers the rows about the persons asked for.
type prover struct {
	asked     map[string]bool
	divisions []string // of the copy
	seen      int      // rows of anybody
	rows      []provenRow
}

type provenRow struct {
	person string
	hash   client.Hash
}

// gather reads the whole list: it is short, and no limit of arguments binds the number of persons.
func (p *prover) gather(ctx context.Context, tx sinkTx, t *table) error {
	reader := newRowReader(t)
	return tx.query(ctx, "SELECT "+t.names+" FROM "+t.on(live), nil, func(scan func(...any) error) error {
		if err := scan(reader.targets...); err != nil {
			return err
		}
		p.seen++
		if p.asked[reader.key.Person] {
			p.rows = append(p.rows, provenRow{reader.key.Person, t.rows.HashTexts(reader.key, reader.texts())})
		}
		return nil
	})
}

// proof sorts by person; somebody with two rows, by hash, so that the order is always the same.
func (p *prover) proof(positions map[string]int64) *hubv1.CopyProof {
	slices.SortFunc(p.rows, func(a, b provenRow) int {
		return cmp.Or(cmp.Compare(a.person, b.person), bytes.Compare(a.hash[:], b.hash[:]))
	})
	sum := sha256.New()
	for _, r := range p.rows {
		entry := binary.BigEndian.AppendUint32(nil, uint32(len(r.person)))
		_, _ = sum.Write(append(append(entry, r.person...), r.hash[:]...)) // a hash takes everything
	}
	out := &hubv1.CopyProof{Divisions: p.divisions, Rows: int32(len(p.rows)), Digest: hex.EncodeToString(sum.Sum(nil))}
	for _, area := range slices.Sorted(maps.Keys(positions)) {
		out.Positions = append(out.Positions, &hubv1.AreaPosition{Area: area, Transaction: positions[area]})
	}
	return out
}

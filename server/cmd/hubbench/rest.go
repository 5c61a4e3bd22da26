package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/bangfuhub/hub/server"
)

// restLine is one line of the stream, with what a reader of this list needs of it.
type restLine struct {
	Page struct {
		Blocks []struct {
			List    string
			Area    string
			Village string
			Records []restRecord
		}
		End    *struct{}
		Cursor string
	}
}

// restRecord has the list's fields.
type restRecord struct {
	Household              string
	Person                 string
	Transaction            string
	Name                   string
	Sex                    string
	IDNumber               string `json:"id_number"`
	BirthDate              string `json:"birth_date"`
	RelationToHead         string `json:"relation_to_head"`
	Provisional            bool
	HeadName               string `json:"head_name"`
	InsuranceYear          int32  `json:"insurance_year"`
	BasicInsured           string `json:"basic_insured"`
	CriticalIllnessInsured string `json:"critical_illness_insured"`
	MedicalAssistance      string `json:"medical_assistance"`
	SupportStatus          string `json:"support_status"`
	Entitlements           []struct {
		Policy, Since, Until string
		Due                  bool
	}
}

// snapshotRest reads the whole list by REST and parses every line.
func (b *bench) snapshotRest(ctx context.Context) (_ []line, err error) {
	h, p, c, err := b.sides(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if _, err := follow(ctx, c); err != nil { // prepares the blocks
		return nil, err
	}
	token, err := h.Token(server.Caller{Agency: reader, Client: "hubbench"}, tokenLasts)
	if err != nil {
		return nil, err
	}
	l := line{
		Name: "snapshot_rest", Unit: "records/s", Against: "the same records by gRPC (snapshot)",
		Note: "parsed by encoding/json",
		goal: &goal{floor: ratioAtLeast(0.25), aim: ratioAtLeast(0.5)},
	}
	l, err = b.compare(ctx, l, repeatedly(p.rows, func(ctx context.Context) (int64, error) {
		return followREST(ctx, h.HTTPAddress(), token)
	}), reading(c, p.rows))
	return []line{l}, err
}

// followREST parses every line into typed records and counts them.
func followREST(ctx context.Context, address, token string) (n int64, err error) {
	body := strings.NewReader(`{"scope":{"lists":["` + list + `"]}}`)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1/sync:follow", body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("REST answered %s", resp.Status)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(make([]byte, 1<<20), 1<<28)
	complete := false
	for lines.Scan() {
		var l restLine
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return n, err
		}
		for _, block := range l.Page.Blocks {
			n += int64(len(block.Records))
		}
		complete = l.Page.End != nil
	}
	if err := lines.Err(); err != nil {
		return n, err
	}
	if !complete {
		return n, errCut
	}
	return n, nil
}

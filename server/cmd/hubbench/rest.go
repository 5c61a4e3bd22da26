package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/goccy/go-json"

	"github.com/bangfuhub/hub/server"
)

// restPage is how many records a line should hold: short lines are parsed while the next
// ones are on their way.
const restPage = 1000

// restLine is one line of the stream, with what a reader of this list needs of it.
type restLine struct {
	Page struct {
		Blocks []struct {
			List    string       `json:"list"`
			Area    string       `json:"area"`
			Village string       `json:"village"`
			Records []restRecord `json:"records"`
		} `json:"blocks"`
		End    *struct{} `json:"end"`
		Cursor string    `json:"cursor"`
	} `json:"page"`
}

// restRecord has the list's fields.
type restRecord struct {
	Household              string `json:"household"`
	Person                 string `json:"person"`
	Transaction            string `json:"transaction"`
	Name                   string `json:"name"`
	Sex                    string `json:"sex"`
	IDNumber               string `json:"id_number"`
	BirthDate              string `json:"birth_date"`
	RelationToHead         string `json:"relation_to_head"`
	Provisional            bool   `json:"provisional"`
	HeadName               string `json:"head_name"`
	InsuranceYear          int32  `json:"insurance_year"`
	BasicInsured           string `json:"basic_insured"`
	CriticalIllnessInsured string `json:"critical_illness_insured"`
	MedicalAssistance      string `json:"medical_assistance"`
	SupportStatus          string `json:"support_status"`
	Entitlements           []struct {
		Policy string `json:"policy"`
		Since  string `json:"since"`
		Until  string `json:"until"`
		Due    bool   `json:"due"`
	} `json:"entitlements"`
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
		Note: fmt.Sprintf("lines of about %d records, parsed into structs by goccy/go-json", restPage),
		goal: &goal{floor: ratioAtLeast(0.25), aim: ratioAtLeast(0.5)},
	}
	l, err = b.compare(ctx, l, repeatedly(p.rows, func(ctx context.Context) (int64, error) {
		return followREST(ctx, h.HTTPAddress(), token)
	}), reading(c, p.rows))
	return []line{l}, err
}

// loopbackClient does without compression, as who sits beside the hub should.
var loopbackClient = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// followREST parses every line into typed records and counts them.
func followREST(ctx context.Context, address, token string) (n int64, err error) {
	body := strings.NewReader(fmt.Sprintf(`{"scope":{"lists":[%q]},"page_size":%d}`, list, restPage))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1/sync:follow", body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := loopbackClient.Do(req)
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
			for i := range block.Records {
				if block.Records[i].Household == "" {
					return n, errors.New("not a record")
				}
			}
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

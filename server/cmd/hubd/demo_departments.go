package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/bangfuhub/hub/client"
	"github.com/bangfuhub/hub/client/mirror"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
	"github.com/bangfuhub/hub/server"
)

// department is one reader's result.
type department struct {
	Name        string `json:"name"`
	MirrorRows  int64  `json:"mirror_rows"`
	MirrorEqual bool   `json:"mirror_equal"`
	RESTRows    int64  `json:"rest_rows"`
	RESTEqual   bool   `json:"rest_equal"`
	ChangesSeen int64  `json:"changes_seen"`
}

func (x department) equal() bool { return x.MirrorEqual && x.RESTEqual && x.ChangesSeen > 0 }

func (d *demo) client(agency, person string) (*client.Client, string, error) {
	token, err := d.server.Token(server.Caller{Agency: agency, Client: "demo", Person: person}, time.Hour)
	if err != nil {
		return nil, "", err
	}
	c, err := client.New(client.Config{Target: d.server.GRPCAddress(), Insecure: true, Token: client.StaticToken(token)})
	return c, token, err
}

// department loads a mirror over gRPC and the same lists over REST.
func (d *demo) department(ctx context.Context, name string) (x department, err error) {
	c, token, err := d.client(name, "")
	if err != nil {
		return x, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	x.Name = name
	err = d.mirror(ctx, c, name, func(s *mirror.Syncer) error {
		result, err := s.Pull(ctx)
		if err != nil {
			return err
		}
		check, err := s.Verify(ctx)
		x.MirrorRows, x.MirrorEqual = result.Rows(), len(check.Differing)+len(check.Behind) == 0
		return err
	})
	if err != nil {
		return x, err
	}
	x.RESTRows, x.RESTEqual, err = d.rest(ctx, c, token)
	return x, err
}

// mirror opens the department's mirror, a database of its own beside the hub's.
func (d *demo) mirror(ctx context.Context, c *client.Client, name string, use func(*mirror.Syncer) error) error {
	sink, err := mirror.OpenSQLite(ctx, filepath.Join(d.dir, "mirror-"+name+".db"))
	if err != nil {
		return err
	}
	s, err := mirror.New(mirror.Config{Client: c, Sink: sink})
	if err == nil {
		err = use(s)
	}
	return errors.Join(err, sink.Close())
}

// rest reads everything as a legacy system would, and recomputes every digest from
// the JSON that came.
func (d *demo) rest(ctx context.Context, c *client.Client, token string) (rows int64, equal bool, err error) {
	got, err := c.Catalogues().GetCatalogue(ctx, &hubv1.GetCatalogueRequest{})
	if err != nil {
		return 0, false, err
	}
	hashers := map[string]*client.Rows{}
	for _, l := range got.GetCatalogue().GetLists() {
		if hashers[l.GetName()], err = client.NewRows(l); err != nil {
			return 0, false, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+d.server.HTTPAddress()+"/v1/sync:follow", strings.NewReader("{}"))
	if err != nil {
		return 0, false, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return 0, false, fmt.Errorf("REST answered %s", resp.Status)
	}
	return readPages(bufio.NewReaderSize(resp.Body, 1<<20), hashers)
}

type village struct{ list, area, village string }

func readPages(lines *bufio.Reader, hashers map[string]*client.Rows) (rows int64, equal bool, err error) {
	sums := map[village]client.Digest{}
	for {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) == 0 {
			return rows, false, errors.Join(errors.New("the REST stream has no end record"), err)
		}
		var response hubv1.FollowResponse
		if err := protojson.Unmarshal(line, &response); err != nil {
			return rows, false, err
		}
		page := response.GetPage()
		for _, b := range page.GetBlocks() {
			k := village{b.GetList(), b.GetArea(), b.GetVillage()}
			for _, r := range b.GetRecords() {
				rows++
				sums[k] = sums[k].Add(hashers[k.list].Hash(k.area, k.village, r))
			}
		}
		if page.GetEnd() != nil {
			return rows, sameDigests(page.GetEnd(), sums), nil
		}
	}
}

func sameDigests(end *hubv1.End, sums map[village]client.Digest) bool {
	for _, d := range end.GetDigests() {
		sum := sums[village{d.GetList(), d.GetArea(), d.GetVillage()}]
		if !bytes.Equal(sum[:], d.GetDigest()) {
			return false
		}
	}
	return len(end.GetDigests()) == len(sums)
}

// change moves households that every department has on its list to another village
// of their area, as the office would, and lets each mirror catch up.
func (d *demo) change(ctx context.Context) error {
	c, _, err := d.client(office, "demo-clerk")
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	for i := range d.report.Departments {
		x := &d.report.Departments[i]
		if err := d.moveOne(ctx, c, x.Name); err != nil {
			return fmt.Errorf("change for %s: %w", x.Name, err)
		}
	}
	for i := range d.report.Departments {
		if err := d.catchUp(ctx, &d.report.Departments[i]); err != nil {
			return err
		}
	}
	return nil
}

// moveOne moves a household of a department's list.
func (d *demo) moveOne(ctx context.Context, c *client.Client, list string) error {
	page, err := c.Sync().Pull(ctx, &hubv1.PullRequest{Scope: &hubv1.Scope{Lists: []string{list}}, PageSize: 1})
	if err != nil {
		return err
	}
	block := page.GetPage().GetBlocks()[0]
	got, err := c.Households().GetHousehold(ctx, &hubv1.GetHouseholdRequest{Id: block.GetRecords()[0].GetHousehold()})
	if err != nil {
		return err
	}
	h := got.GetHousehold()
	target, err := neighbour(ctx, c, h.GetVillage())
	if err != nil {
		return err
	}
	_, err = c.Households().MoveHousehold(ctx, &hubv1.MoveHouseholdRequest{
		Id: h.GetId(), Etag: h.GetEtag(), Village: target, RequestId: "demo-move-" + list + "-" + h.GetEtag(),
		Document: &hubv1.Document{Issuer: "demo", Number: "1", Date: string(d.server.Today())},
	})
	return err
}

// neighbour is another village of the same township.
func neighbour(ctx context.Context, c *client.Client, code string) (string, error) {
	own, err := c.Divisions().GetDivision(ctx, &hubv1.GetDivisionRequest{Code: code})
	if err != nil {
		return "", err
	}
	all, err := c.Divisions().ListDivisions(ctx, &hubv1.ListDivisionsRequest{Parent: own.GetDivision().GetParent()})
	if err != nil {
		return "", err
	}
	for _, v := range all.GetDivisions() {
		if v.GetCode() != code && v.GetArea() == own.GetDivision().GetArea() {
			return v.GetCode(), nil
		}
	}
	return code, nil
}

func (d *demo) catchUp(ctx context.Context, x *department) error {
	c, _, err := d.client(x.Name, "")
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	return d.mirror(ctx, c, x.Name, func(s *mirror.Syncer) error {
		result, err := s.Pull(ctx)
		if err != nil {
			return err
		}
		check, err := s.Verify(ctx)
		x.ChangesSeen, x.MirrorEqual = result.Rows(), x.MirrorEqual && len(check.Differing)+len(check.Behind) == 0
		return err
	})
}

// countLists counts every list's records, as the office sees them.
func (d *demo) countLists(ctx context.Context) error {
	c, _, err := d.client(office, "")
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	got, err := c.Sync().GetDigests(ctx, &hubv1.GetDigestsRequest{})
	if err != nil {
		return err
	}
	d.report.Lists = map[string]int64{}
	for _, l := range d.server.Lists(ctx) {
		d.report.Lists[l] = 0
	}
	for _, v := range got.GetEnd().GetDigests() {
		d.report.Lists[v.GetList()] += v.GetCount()
	}
	return nil
}

package client_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"pgregory.net/rapid"

	"github.com/bangfuhub/hub/client"
	hubv1 "github.com/bangfuhub/hub/gen/bangfu/hub/v1"
)

// golden is the file that every language's implementation is held to.
type golden struct {
	Lists []struct {
		Name   string
		Fields []string
	}
	Rows []struct {
		Why, List, Area, Village, Sequence, Hash string
		Record                                   json.RawMessage
	}
	Digest string
}

func readGolden(t testing.TB) (golden, map[string]*client.Rows) {
	t.Helper()
	text, err := os.ReadFile("../api/bangfu/hub/v1/golden/rowhash.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	plans := map[string]*client.Rows{}
	for _, l := range g.Lists {
		plans[l.Name] = plan(t, l.Name, l.Fields...)
	}
	return g, plans
}

func plan(t testing.TB, list string, fields ...string) *client.Rows {
	t.Helper()
	l := &hubv1.List{Name: list}
	for _, f := range fields {
		l.Fields = append(l.Fields, &hubv1.Field{Name: f})
	}
	rows, err := client.NewRows(l)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestRowHashesAndTheirSumEqualTheGoldenVectors(t *testing.T) {
	g, plans := readGolden(t)
	var digest client.Digest
	seen := map[string]bool{}
	for _, row := range g.Rows {
		record := &hubv1.Record{}
		if err := protojson.Unmarshal(row.Record, record); err != nil {
			t.Fatalf("%s: %v", row.Why, err)
		}
		rows := plans[row.List]
		hash := rows.Hash(row.Area, row.Village, record)
		if hash.String() != row.Hash {
			t.Errorf("%s: hash %s, want %s", row.Why, hash, row.Hash)
		}
		key := client.Key{Area: row.Area, Village: row.Village, Household: record.GetHousehold(), Person: record.GetPerson()}
		sequence := rows.Sequence(nil, key, rows.Texts(nil, record))
		if row.Sequence != "" && hex.EncodeToString(sequence) != row.Sequence {
			t.Errorf("%s: sequence %x, want %s", row.Why, sequence, row.Sequence)
		}
		if seen[row.Hash] {
			t.Errorf("%s: hash equals that of another row", row.Why)
		}
		seen[row.Hash] = true
		digest = digest.Add(hash)
	}
	if digest.String() != g.Digest {
		t.Errorf("digest %s, want %s", digest, g.Digest)
	}
}

func TestAFieldThatThisProgramDoesNotKnowIsRefused(t *testing.T) {
	for _, name := range []string{"no_such_field", "household", "transaction"} {
		if _, err := client.NewRows(&hubv1.List{Name: "education", Fields: []*hubv1.Field{{Name: name}}}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestTheDigestDoesNotDependOnTheOrderOfRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.Custom(func(t *rapid.T) client.Hash {
			return client.Hash(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "hash"))
		})).Draw(t, "hashes")
		sum := func(order []client.Hash) (d client.Digest) {
			for _, h := range order {
				d = d.Add(h)
			}
			return d
		}
		if want, got := sum(hashes), sum(rapid.Permutation(hashes).Draw(t, "order")); want != got {
			t.Fatalf("%s in one order, %s in another", want, got)
		}
	})
}

func BenchmarkRowHash(b *testing.B) {
	g, plans := readGolden(b)
	record := &hubv1.Record{}
	if err := protojson.Unmarshal(g.Rows[0].Record, record); err != nil {
		b.Fatal(err)
	}
	rows := plans[g.Rows[0].List]
	b.ReportAllocs()
	for b.Loop() {
		rows.Hash(g.Rows[0].Area, g.Rows[0].Village, record)
	}
}

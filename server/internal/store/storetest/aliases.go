package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/bangfuhub/hub/server/internal/store"
)

var aliasTests = []test{
	{"aliases lead from a hash of a kind to their subject", aliasesResolve},
	{"an alias of another subject is taken, one's own may be set again", aliasTaken},
	{"a batch may drop an alias and set it for another subject", aliasMoves},
	{"a drop leaves what stands for another subject alone", aliasDropSpares},
	{"names are shared, and found by area and in order", namesAreFound},
	{"names are set and dropped by subject", namesAreDropped},
}

func alias(kind, value, area, household, person string) store.Alias {
	h := hash(kind, value)
	return store.Alias{Kind: kind, Hash: h[:], Area: area, Household: household, Person: person}
}

func resolve(t *testing.T, s store.Store, kind string, hashes ...[]byte) (found []store.Alias) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		found, err = r.Aliases(ctx, kind, hashes)
		return err
	})
	return found
}

func aliasesResolve(t *testing.T, s store.Store) {
	person, house, other := alias("id", "1", "A", "h1", "p1"), alias("number", "1", "A", "h1", ""), alias("id", "2", "A", "h2", "p2")
	other.Hash = []byte{0xff}
	person.Hash = []byte{0x01, 0}
	b := save("A")
	b.SetAliases = []store.Alias{person, house, {Kind: other.Kind, Hash: other.Hash, Household: "h2", Person: "p2"}}
	appendBatch(t, s, b)
	missing := []byte("nothing")
	equal(t, "aliases of a kind", resolve(t, s, "id", other.Hash, missing, person.Hash, house.Hash, other.Hash),
		[]store.Alias{person, other})
	equal(t, "aliases of another kind", resolve(t, s, "number", house.Hash), []store.Alias{house})
	equal(t, "aliases of nothing", len(resolve(t, s, "id")), 0)
}

func setAliases(area string, aliases ...store.Alias) store.Batch {
	return store.Batch{Area: area, Time: noon, SetAliases: aliases}
}

func aliasTaken(t *testing.T, s store.Store) {
	mine := alias("id", "1", "A", "h1", "p1")
	appendBatch(t, s, setAliases("A", mine))
	appendBatch(t, s, setAliases("A", mine, mine, alias("id", "2", "A", "h1", "p1")))
	for _, other := range []store.Alias{
		alias("id", "1", "A", "h1", "p2"), alias("id", "1", "A", "h1", ""),
		alias("id", "1", "A", "h2", "p1"), alias("id", "1", "B", "h1", "p1"),
	} {
		_, err := tryAppend(t, s, setAliases(other.Area, alias("id", "0", other.Area, "h9", ""), other))
		isError(t, fmt.Sprintf("the alias for %s %s %s", other.Area, other.Household, other.Person), err, store.ErrTaken)
	}
	_, err := tryAppend(t, s, setAliases("A", alias("id", "3", "A", "h1", "p1"), alias("id", "3", "A", "h2", "p2")))
	isError(t, "an alias for two subjects in one batch", err, store.ErrTaken)
	equal(t, "alias", resolve(t, s, "id", mine.Hash), []store.Alias{mine})
	none := alias("id", "0", "A", "h9", "")
	equal(t, "alias beside a taken one", len(resolve(t, s, "id", none.Hash)), 0)
}

func aliasMoves(t *testing.T, s store.Store) {
	there, here := alias("id", "1", "A", "h1", "p1"), alias("id", "1", "B", "h2", "p1")
	appendBatch(t, s, setAliases("A", there))
	b := setAliases("B", here)
	b.DropAliases = []store.Alias{there}
	appendBatch(t, s, b)
	equal(t, "alias", resolve(t, s, "id", here.Hash), []store.Alias{here})
}

func aliasDropSpares(t *testing.T, s store.Store) {
	mine := alias("id", "1", "A", "h1", "p1")
	appendBatch(t, s, setAliases("A", mine))
	b := save("A")
	b.DropAliases = []store.Alias{
		alias("id", "1", "A", "h1", "p2"), alias("id", "1", "A", "h2", "p1"),
		alias("id", "1", "B", "h1", "p1"), alias("id", "9", "A", "h1", "p1"),
	}
	appendBatch(t, s, b)
	equal(t, "alias", resolve(t, s, "id", mine.Hash), []store.Alias{mine})
	b.DropAliases = []store.Alias{{Kind: mine.Kind, Hash: mine.Hash, Household: "h1", Person: "p1"}} // area: the batch's
	appendBatch(t, s, b)
	equal(t, "aliases after the drop", len(resolve(t, s, "id", mine.Hash)), 0)
}

// name is a name's alias as Names gives it back: without a kind.
func name(value, area, household, person string) store.Alias {
	a := alias("", value, area, household, person)
	return a
}

func names(t *testing.T, s store.Store, value string, areas []string, limit int) (found []store.Alias) {
	t.Helper()
	view(t, s, func(ctx context.Context, r store.Reader) (err error) {
		h := hash("", value)
		found, err = r.Names(ctx, h[:], areas, limit)
		return err
	})
	return found
}

func namesAreFound(t *testing.T, s store.Store) {
	first, second := name("n", "A", "h1", "p1"), name("n", "A", "h1", "p2")
	third, fourth := name("n", "B", "h2", "p1"), name("n", "A", "h3", "")
	appendBatch(t, s, store.Batch{Area: "A", SetNames: []store.Alias{fourth, second, first, name("m", "A", "h1", "p3")}})
	appendBatch(t, s, store.Batch{Area: "B", SetNames: []store.Alias{third}})
	for _, c := range []struct {
		areas []string
		limit int
		want  []store.Alias
	}{
		{nil, 0, []store.Alias{first, second, third, fourth}},
		{nil, 3, []store.Alias{first, second, third}},
		{[]string{"B", "C"}, 10, []store.Alias{third}},
		{[]string{"A"}, 2, []store.Alias{first, second}},
		{[]string{}, 10, nil},
	} {
		equal(t, fmt.Sprintf("names in %v, at most %d", c.areas, c.limit), names(t, s, "n", c.areas, c.limit), c.want)
	}
}

func namesAreDropped(t *testing.T, s store.Store) {
	mine, yours := name("n", "A", "h1", "p1"), name("n", "A", "h2", "p2")
	appendBatch(t, s, store.Batch{Area: "A", SetNames: []store.Alias{mine, yours}})
	appendBatch(t, s, store.Batch{Area: "A", SetNames: []store.Alias{mine}, DropNames: []store.Alias{mine}})
	equal(t, "names", names(t, s, "n", nil, 0), []store.Alias{mine, yours})
	appendBatch(t, s, store.Batch{Area: "A", DropNames: []store.Alias{{Hash: mine.Hash, Household: "h1", Person: "p1"}}})
	equal(t, "names", names(t, s, "n", nil, 0), []store.Alias{yours})
}

package main

import (
	"slices"
	"strings"
)

// pure lists the rooms without I/O, by path.
var pure = under(internal, "access", "catalogue", "date", "division", "fault", "feed", "household", "letter", "pages", "removal")

// serverGo is a room of its own here: it alone names the store engines.
const serverGo = "server/server.go"

// hubbench plays the departments, and speaks to databases without a hub.
const hubbench = "server/cmd/hubbench"

// zstd stands between the server's and the client's gRPC, line between each of them and a database.
const (
	zstd = "zstd"
	line = "line"
)

// invented is as pure as they are, but draws lots from a seed, and stands apart.
const invented = internal + "invented"

// loud lists the rooms that may know the world.
var loud = slices.Concat(
	under(internal, "seal", "vault", "queue", "store", "store/sqlite", "store/postgres", "wire", "hub", "authn", "rpc", "gateway", "sheet", "register", "imports", "meter"),
	[]string{zstd, line, "client", "client/mirror", "client/cmd/hubsync", serverGo, "server", "server/cmd/hubd", hubbench})

// rooms lists all rooms from the ground up.
var rooms = slices.Concat([]string{gen}, pure, []string{invented}, loud)

// allowed lists what a room may import of ours.
func allowed(room string) []string {
	switch strings.TrimPrefix(room, internal) {
	case "store":
		return slices.Concat(pure, under(internal, "queue"))
	case "store/sqlite":
		return slices.Concat(pure, under(internal, "store"))
	case "store/postgres":
		return slices.Concat(pure, under(internal, "store"), []string{line})
	case "vault":
		return slices.Concat(pure, under(internal, "seal"))
	case "wire":
		return slices.Concat(pure, []string{gen})
	case "register":
		return slices.Concat(pure, under(internal, "sheet"))
	case "imports":
		return slices.Concat(pure, under(internal, "hub", "wire", "sheet", "register"))
	case "hub":
		return slices.Concat(pure, under(internal, "queue", "wire", "store", "seal", "vault"))
	case "authn":
		return slices.Concat(pure, under(internal, "hub"))
	case "rpc":
		return slices.Concat(pure, under(internal, "hub", "wire", "imports", "sheet"), []string{gen, zstd})
	case "gateway":
		return slices.Concat(pure, under(internal, "hub", "wire"), []string{gen})
	}
	return allowedOutside(room)
}

// allowedOutside lists it for rooms outside server/internal, and for those in it that import
// pure rooms alone.
func allowedOutside(room string) []string {
	switch room {
	case "server":
		return slices.Concat(pure, under(internal, "invented", "seal", "vault", "store", "wire", "hub", "authn", "rpc", "gateway", "sheet", "register", "imports", "meter"))
	case serverGo:
		return slices.Concat(allowed("server"), under(internal, "store/sqlite", "store/postgres"))
	case "server/cmd/hubd":
		return []string{"server", "client", "client/mirror"}
	case hubbench:
		return []string{gen, "server", "client", "client/mirror"}
	case zstd, line:
		return nil
	case "client":
		return []string{gen, zstd}
	case "client/mirror":
		return []string{gen, "client", line}
	case "client/cmd/hubsync":
		return []string{gen, "client", "client/mirror"}
	default: // seal, queue, invented and the pure rooms themselves
		return pure
	}
}

// clock stands for a call of time.Now.
const clock = "the clock"

// outside lists imports from outside and the rooms that may have them.
var outside = []struct {
	path  string
	rooms []string
}{
	{clock, loud},
	{"os", loud},
	{"io/fs", loud},
	{"net", loud},
	{"net/http", loud},
	{"log", loud},
	{"log/slog", loud},
	{"math/rand/v2", slices.Concat(loud, []string{invented})},
	{"crypto/rand", loud},
	{"strings", rooms},
	{"net/url", rooms},
	{"testing", []string{}},
	{"embed", slices.Concat(under(internal, "catalogue", "division", "pages", "removal", "register", "store", "store/sqlite", "store/postgres", "gateway"),
		under("client", "", "/mirror", "/cmd/hubsync"), under("server", "", "/server.go", "/cmd/hubd", "/cmd/hubbench"), []string{zstd, line})},
	{"database/sql", slices.Concat(under("client", "", "/mirror", "/cmd/hubsync"), under(internal, "store/sqlite", "store/postgres"), []string{hubbench})},
	{"github.com/jackc/pgx/v5", slices.Concat(under("client", "", "/mirror", "/cmd/hubsync"), under(internal, "store/sqlite", "store/postgres"), []string{hubbench})},
	{"google.golang.org/grpc", slices.Concat(under("client", "", "/mirror", "/cmd/hubsync"), under(internal, "rpc", "gateway", "authn"), []string{zstd, "server", serverGo})},
	{"cel.dev/cel-go/cel", under(internal, "catalogue")},
	{"github.com/tink-crypto/tink-go/v2/aead", under(internal, "seal")},
	{"github.com/prometheus/client_golang/prometheus", under(internal, "meter")},
	{"gocloud.dev/blob", under(internal, "vault")},
}

// others are arrows of test files, of the demo, and of a room that nobody has placed yet.
var others = map[arrow]bool{
	{"server/cmd/hubd/demo_x.go", module + gen}:                      true,
	{internal + "newcomer", "strings"}:                               false,
	{"client/x_test.go", module + "server/hubtest"}:                  true,
	{"client/x_test.go", module + "server/hubtest/pgtest"}:           true,
	{"client/x_test.go", module + "server"}:                          false,
	{"client/mirror/x_test.go", module + "server/hubtest"}:           true,
	{"client/mirror/x_test.go", module + "server"}:                   false,
	{internal + "feed/x_test.go", module + internal + "date"}:        true,
	{internal + "feed/x_test.go", "os"}:                              true,
	{internal + "feed/x_test.go", module + gen}:                      false,
	{internal + "hub/x_test.go", module + internal + "store/sqlite"}: true,
}

// under puts a prefix before every name.
func under(prefix string, names ...string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = prefix + name
	}
	return out
}

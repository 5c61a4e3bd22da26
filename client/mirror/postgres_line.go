package mirror

import (
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bangfuhub/hub/line"
)

const (
	// databaseWait is longer than any statement of a mirror's is silent: a load that becomes
	// visible has its index made.
	databaseWait   = 10 * time.Minute
	connectTimeout = 30 * time.Second // unless the URL has connect_timeout
)

// bound sees to it that a line to the database that went dead is given up, on this end and
// on the server's, which would keep the mirror's state locked. What the URL says goes first.
func bound(cfg *pgconn.Config, wait time.Duration) {
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	const timeout = "idle_in_transaction_session_timeout"
	if _, given := cfg.RuntimeParams[timeout]; !given {
		cfg.RuntimeParams[timeout] = strconv.FormatInt(wait.Milliseconds(), 10)
	}
	cfg.DialFunc = line.Bound(cfg.DialFunc, wait)
}

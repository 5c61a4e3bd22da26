package postgres

import (
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bangfuhub/hub/line"
)

const (
	// defaultWait is longer than any statement of the hub's is silent on a healthy database.
	defaultWait    = 2 * time.Minute
	connectTimeout = 10 * time.Second // unless the URL has connect_timeout
)

// bound sees to it that neither end waits for ever where the line between them is dead,
// or lets bytes in and none out: a proxy or firewall that has forgotten it does that. This
// end gives up after wait without a byte that it is owed. The server's end, which may hold
// an area's head locked, gives up as soon. What the URL says goes first.
func bound(cfg *pgconn.Config, wait time.Duration) {
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	if wait < 0 {
		return
	}
	seconds, tries := max(wait/4, time.Second)/time.Second, 3
	for name, value := range map[string]int64{
		"idle_in_transaction_session_timeout": wait.Milliseconds(),
		"tcp_keepalives_idle":                 int64(seconds), // none of these three is heeded on a unix socket
		"tcp_keepalives_interval":             int64(seconds),
		"tcp_keepalives_count":                int64(tries),
	} {
		if _, given := cfg.RuntimeParams[name]; !given {
			cfg.RuntimeParams[name] = strconv.FormatInt(value, 10)
		}
	}
	cfg.DialFunc = line.Bound(cfg.DialFunc, wait)
}

package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/bangfuhub/hub/server/internal/hub"
)

// Finding is what a check found.
type Finding = hub.Finding

const (
	// mostSkew is how far the clocks of the hub and of its database may differ.
	mostSkew = 2 * time.Second
	// Below either of these a disk is as good as full: SQLite, WAL and evidence need room to write.
	leastFree  = 1 << 30 // bytes
	leastShare = 20      // a twentieth of the disk
)

// Doctor checks a hub on its own machine, also while it is serving. It makes no hub where
// there is none. Blocks are looked at in part, or all of them.
func Doctor(ctx context.Context, cfg Config, all bool) []Finding {
	cfg = cfg.withDefaults()
	if cfg.Postgres == "" {
		if _, err := os.Stat(filepath.Join(cfg.Data, "hub.db")); errors.Is(err, fs.ErrNotExist) {
			return []Finding{{Check: "store", Found: "there is no hub.db in " + cfg.Data, Remedy: "name the folder of the hub (--data), or restore a backup (hubd restore)"}}
		}
	}
	s, err := Open(ctx, cfg)
	if err != nil {
		return []Finding{{Check: "store", Found: err.Error(), Remedy: "see what it says; nothing else can be checked before"}}
	}
	defer func() { _ = s.Close() }()
	out := []Finding{{Check: "store", OK: true, Found: "it answers, with this program's schema, under the keys " + s.keys.Fingerprint()}}
	var looked []Finding
	err = s.hub.Audited(ctx, Caller{Agency: "hub", Client: "hubd"}, "doctor", func() (any, error) {
		looked = append(s.hub.Examine(ctx, all), s.machine(ctx)...)
		return nil, nil
	})
	audit := Finding{Check: "audit", OK: err == nil, Found: "it can be written"}
	if err != nil {
		audit.Found, audit.Remedy = err.Error(), "make room on the disk, or see what the log says: until then nothing is handed out"
	}
	return append(append(out, audit), looked...)
}

// machine checks what lies around the hub.
func (s *Server) machine(ctx context.Context) []Finding {
	out := []Finding{s.clocks(ctx), {Check: "evidence store", OK: true, Found: "it can be written and read"}}
	if err := s.vault.Check(ctx); err != nil {
		out[1] = Finding{Check: "evidence store", Found: err.Error(), Remedy: "let the hub's user write to " + s.cfg.Evidence}
	}
	for _, folder := range []string{s.cfg.Data, s.cfg.Evidence, s.cfg.Scratch} {
		if free, size, known := freeSpace(folder); known && folder != "" {
			f := Finding{Check: "disk " + folder, Found: fmt.Sprintf("%d MiB free of %d", free>>20, size>>20)}
			if f.OK = free >= leastFree && free >= size/leastShare; !f.OK {
				f.Remedy = "make room: a full disk ends all writing, and with the audit all reading"
			}
			out = append(out, f)
		}
	}
	return out
}

func (s *Server) clocks(ctx context.Context) Finding {
	f := Finding{Check: "clock", Remedy: "have both machines follow the same time servers"}
	before := time.Now()
	there, err := s.store.Now(ctx)
	if err != nil {
		f.Found = err.Error()
		return f
	}
	skew := there.Sub(before.Add(time.Since(before) / 2)).Round(time.Millisecond)
	f.Found = fmt.Sprintf("the database's clock differs by %s", skew)
	if f.OK = skew.Abs() <= mostSkew; f.OK {
		f.Remedy = ""
	}
	return f
}

package e2e

import (
	"encoding/json"
	"os"
	"syscall"
	"testing"

	"github.com/bangfuhub/hub/server"
)

// maxMemory bounds the resident memory of an import, in bytes. A workbook of 650,000 rows
// has gigabytes when unpacked: held in memory it would break the bound.
const maxMemory = 700 << 20

// TestALargeFileIsLoadedInBoundedMemory loads a province's register; -rows 650000 is its real size.
func TestALargeFileIsLoadedInBoundedMemory(t *testing.T) {
	for _, format := range []string{"csv", "xlsx"} {
		t.Run(format, func(t *testing.T) {
			h := newHouse(t, false)
			file := sheetOf(t, format, *sizes.rows*10/44) // 4.4 members a household
			info, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			cmd := program(t, "hubd", append([]string{"import", "--json", file}, h.flags...)...)
			got := finish(t, cmd)
			var r server.ImportResult
			if err := json.Unmarshal([]byte(got.stdout), &r); err != nil || got.exit != 0 {
				t.Fatal(err, got.exit, got.stderr)
			}
			if r.Lines < *sizes.rows*8/10 || r.Rejected > 0 || r.Created != r.Accepted {
				t.Errorf("%d rows: %d created, %d rejected", r.Lines, r.Created, r.Rejected)
			}
			usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if !ok {
				t.Skip("this system doesn't tell a program's memory")
			}
			peak := usage.Maxrss << 10
			t.Logf("%d rows, %d MiB, %d households in %s processor time, at most %d MiB resident",
				r.Lines, info.Size()>>20, r.Created, cmd.ProcessState.UserTime(), peak>>20)
			if peak > maxMemory {
				t.Errorf("%d MiB resident", peak>>20)
			}
		})
	}
}

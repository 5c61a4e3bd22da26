package letter

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// Times is how long a department takes from decision to applied.
type Times struct {
	Department                                 string
	Drafts, Letters                            int // withdrawn and cancelled ones left out
	Receipts, Applied, Open, Disputed, Overdue int
	Median, Slowest, LongestOpen               time.Duration
}

// Measure reckons the times of letters by department, in its order.
func Measure(letters []Letter, x Context) []Times {
	by, took := map[string]*Times{}, map[string][]time.Duration{}
	for _, l := range letters {
		t := by[l.Department]
		if t == nil {
			t = &Times{Department: l.Department}
			by[l.Department] = t
		}
		switch l.State {
		case Draft, Signed:
			t.Drafts++
		case Issued:
			t.Letters++
			for _, r := range l.Receipts {
				if d := t.count(l, r, x); d > 0 {
					took[l.Department] = append(took[l.Department], d)
				}
			}
		}
	}
	var out []Times
	for _, t := range by {
		if all := took[t.Department]; len(all) > 0 {
			slices.Sort(all)
			t.Median, t.Slowest = median(all), all[len(all)-1]
		}
	}
	for _, t := range slices.SortedFunc(maps.Values(by), func(a, b *Times) int { return cmp.Compare(a.Department, b.Department) }) {
		out = append(out, *t)
	}
	return out
}

// count counts one recipient and gives how long it took, 0 where it is not done.
func (t *Times) count(l Letter, r Receipt, x Context) time.Duration {
	t.Receipts++
	v := l.seeReceipt(r, x)
	if v.Overdue {
		t.Overdue++
	}
	switch v.State {
	case ReceiptApplied:
		t.Applied++
		return r.AppliedAt.Sub(l.DecidedAt)
	case ReceiptDisputed:
		t.Disputed++
	default:
		t.Open++
	}
	t.LongestOpen = max(t.LongestOpen, x.Time.Sub(l.DecidedAt))
	return 0
}

// median is that of a sorted list.
func median(all []time.Duration) time.Duration {
	mid := len(all) / 2
	if len(all)%2 == 1 {
		return all[mid]
	}
	return (all[mid-1] + all[mid]) / 2
}

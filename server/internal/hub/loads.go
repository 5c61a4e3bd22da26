package hub

import "sync/atomic"

// Bounds of the pages of blocks while several streams load at once.
const (
	loadRoom    = 12000 // records in one page of each of them, together
	minLoadPage = 1000
)

// loads counts the streams that are being loaded. The more there are, the smaller are their
// pages, so that what is on its way to all of them takes about as much memory as for one.
type loads struct{ streams atomic.Int64 }

// page is how many records a page of blocks may hold where that many were asked for.
func (l *loads) page(asked int64) int64 {
	return min(asked, max(minLoadPage, loadRoom/max(1, l.streams.Load())))
}

// begin counts a stream until end is called, once or more often.
func (l *loads) begin() (end func()) {
	l.streams.Add(1)
	var ended atomic.Bool
	return func() {
		if ended.CompareAndSwap(false, true) {
			l.streams.Add(-1)
		}
	}
}

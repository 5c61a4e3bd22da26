package postgres

import (
	"errors"
	"slices"
	"testing"
)

func TestPagesGiveEveryRowOnceUpToTheLimit(t *testing.T) {
	rows := []int{0, 1, 2, 3, 4, 5, 6}
	for size := 1; size <= 8; size++ {
		for limit := range 9 {
			next := 0
			read := func(n int) ([]int, error) {
				page := rows[next:min(next+n, len(rows))]
				next += len(page)
				return page, nil
			}
			var got []int
			err := pages(limit, size, read, func(row int) error {
				got = append(got, row)
				return nil
			})
			want := rows
			if limit > 0 {
				want = rows[:min(limit, len(rows))]
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("size %d, limit %d: got %v, error %v", size, limit, got, err)
			}
			if next > len(want)+size {
				t.Errorf("size %d, limit %d: fetched %d rows for %d", size, limit, next, len(want))
			}
		}
	}
}

func TestPagesStopAtTheFirstError(t *testing.T) {
	stop := errors.New("stop")
	reads := 0
	read := func(n int) ([]int, error) {
		reads++
		return make([]int, n), nil
	}
	calls := 0
	err := pages(0, 3, read, func(int) error {
		if calls++; calls == 4 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || calls != 4 || reads != 2 {
		t.Errorf("%d calls, %d reads, error %v", calls, reads, err)
	}
	err = pages(0, 3, func(int) ([]int, error) { return nil, stop }, func(int) error { return nil })
	if !errors.Is(err, stop) {
		t.Errorf("a failed read gives %v", err)
	}
}

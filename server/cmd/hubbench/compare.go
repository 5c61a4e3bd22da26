package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"time"
)

// minPairs is the least that a median is taken of.
const minPairs = 5

// figure measures one side once.
type figure func(context.Context) (float64, error)

// compare measures both sides in turn and gives the medians.
func (b *bench) compare(ctx context.Context, l line, value, baseline figure) (line, error) {
	end, err := b.profile(l.Name)
	if err != nil {
		return l, err
	}
	var values, baselines, ratios []float64
	for range b.Pairs {
		v, err := value(ctx)
		if err != nil {
			return l, errors.Join(err, end())
		}
		w, err := baseline(ctx)
		if err != nil {
			return l, errors.Join(err, end())
		}
		values, baselines, ratios = append(values, v), append(baselines, w), append(ratios, v/w)
	}
	l.Value, l.Baseline, l.Ratio = number(median(values)), number(median(baselines)), number(median(ratios))
	l.Lowest, l.Highest, l.Pairs = number(slices.Min(ratios)), number(slices.Max(ratios)), len(ratios)
	return l, end()
}

func median(of []float64) float64 { return quantile(of, 0.5) }

// quantile is the smallest value that at least such a share of the values doesn't exceed.
func quantile(of []float64, share float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	at := int(share*float64(len(sorted)) + 0.999999)
	return sorted[min(max(at, 1), len(sorted))-1]
}

// profile begins the CPU profile of a measure, where one is wanted.
func (b *bench) profile(name string) (end func() error, err error) {
	if b.CPUProfile == "" {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(b.CPUProfile, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(b.CPUProfile, name+".pprof"))
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// rate is how many a second.
func rate(n int64, took time.Duration) float64 { return float64(n) / took.Seconds() }

// each is the time for one of n, in microseconds.
func each(n int64, took time.Duration) float64 {
	return float64(took.Nanoseconds()) / 1000 / float64(n)
}

// sampleTime is how long a sample of something quick lasts at least.
const sampleTime = 300 * time.Millisecond

// repeatedly reads n rows again and again, as often as it takes to time it, and gives how
// many a second.
func repeatedly(n int64, read func(context.Context) (int64, error)) figure {
	return func(ctx context.Context) (float64, error) {
		began := time.Now()
		for total := n; ; total += n {
			got, err := read(ctx)
			if err := all(got, n, err); err != nil {
				return 0, err
			}
			if took := time.Since(began); took >= sampleTime {
				return rate(total, took), nil
			}
		}
	}
}

// once reads n rows and gives how many a second.
func once(ctx context.Context, n int64, read func(context.Context) (int64, error)) (float64, error) {
	began := time.Now()
	got, err := read(ctx)
	return rate(n, time.Since(began)), all(got, n, err)
}

// all fails where not all that was to be read or written was.
func all(n, want int64, err error) error {
	if err == nil && n != want {
		err = fmt.Errorf("%d rows in place of %d", n, want)
	}
	return err
}

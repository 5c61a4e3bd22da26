package main

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// line is one measured figure. Its JSON is stable.
type line struct {
	Name     string `json:"name"`
	Value    number `json:"value"`
	Unit     string `json:"unit"`
	Baseline number `json:"baseline"` // in the same unit
	Ratio    number `json:"ratio"`    // the median of the pairs' ratios, value to baseline
	Lowest   number `json:"lowest"`   // of these ratios
	Highest  number `json:"highest"`
	Pairs    int    `json:"pairs"`
	Against  string `json:"against"` // what the baseline is
	Note     string `json:"note,omitempty"`
	goal     *goal  // nil where nothing is demanded
}

// number is printed with four digits that mean something.
type number float64

// MarshalJSON rounds.
func (n number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) {
		return nil, fmt.Errorf("not a figure: %v", float64(n))
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(float64(n), 'g', 4, 64), 64)
	if err != nil {
		return nil, err
	}
	return json.Marshal(rounded)
}

// goal is what a figure should come to: the floor must be met, the aim is better. A nil
// one demands nothing.
type goal struct{ floor, aim func(line) bool }

func (g *goal) verdict(l line) verdict {
	v := verdict{Name: l.Name}
	if g == nil {
		return v
	}
	if g.floor != nil {
		met := g.floor(l)
		v.Floor = &met
	}
	if g.aim != nil {
		met := g.aim(l)
		v.Aim = &met
	}
	return v
}

func ratioAtLeast(x number) func(line) bool { return func(l line) bool { return l.Ratio >= x } }
func ratioAtMost(x number) func(line) bool  { return func(l line) bool { return l.Ratio <= x } }
func valueAtMost(x number) func(line) bool  { return func(l line) bool { return l.Value <= x } }

// moreAtMost bounds the difference between value and baseline.
func moreAtMost(x number) func(line) bool {
	return func(l line) bool { return l.Value-l.Baseline <= x }
}

func both(a, b func(line) bool) func(line) bool {
	return func(l line) bool { return a(l) && b(l) }
}

// verdict says whether a figure met its goal; nil where none was set.
type verdict struct {
	Name  string `json:"name"`
	Floor *bool  `json:"floor"`
	Aim   *bool  `json:"aim"`
}

// summary is the last line.
type summary struct {
	Name       string    `json:"name"` // "summary"
	Machine    machine   `json:"machine"`
	Store      string    `json:"store"`
	Members    int       `json:"members"`
	Households int       `json:"households"`
	Seconds    number    `json:"seconds"`
	Measures   []verdict `json:"measures"`
}

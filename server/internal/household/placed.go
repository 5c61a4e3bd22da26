package household

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bangfuhub/hub/server/internal/fault"
)

// Placed says where in what a writer stated the violations of the merged household arose:
// its persons stand there in another order. A person whom the writer didn't mention is
// named by the hub's id.
func Placed(in, after *Household, bad []fault.Violation) []fault.Violation {
	place := stated(in, after)
	out := slices.Clone(bad)
	for i, v := range bad {
		path, ofPerson := strings.CutPrefix(v.Field, "persons[")
		number, rest, _ := strings.Cut(path, "]")
		j, err := strconv.Atoi(number)
		if !ofPerson || err != nil || j >= len(after.Persons) {
			continue
		}
		at := after.Persons[j].ID
		if place[j] >= 0 {
			at = strconv.Itoa(place[j])
		}
		out[i].Field = "persons[" + at + "]" + rest
	}
	return out
}

// stated gives for each person of the merged household the place in what was stated, -1
// for none. Who cannot be told by a number or name is new, and new ones stand last.
func stated(in, after *Household) []int {
	known := in.Clone()
	Normalise(known)
	place := slices.Repeat([]int{-1}, len(after.Persons))
	var fresh []int
	for i := range known.Persons {
		p := &known.Persons[i]
		j := matchByNumber(after.Persons, p)
		if j < 0 {
			j = slices.IndexFunc(after.Persons, func(k Person) bool { return sameByName(&k, p) })
		}
		if j < 0 || place[j] >= 0 {
			fresh = append(fresh, i)
			continue
		}
		place[j] = i
	}
	for j := len(place) - 1; j >= 0 && len(fresh) > 0; j-- {
		if place[j] < 0 {
			place[j], fresh = fresh[len(fresh)-1], fresh[:len(fresh)-1]
		}
	}
	return place
}

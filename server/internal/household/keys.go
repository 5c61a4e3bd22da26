package household

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

// An element's key says which element of the household is meant when it is mentioned
// again. A source that has keys of its own keeps them; otherwise the key is made from
// what the element is about (its natural content), so that the same file loaded twice
// means the same elements, and a later file may add, say, the day a need was fulfilled.

func (e *Need) natural() string {
	return natural("need", string(e.Category), e.Person, string(e.AroseOn))
}

func (e *Shock) natural() string {
	return natural("shock", string(e.Kind), e.Person, string(e.HappenedOn))
}

func (e *Assistance) natural() string {
	return natural("assistance", string(e.Kind), e.Person, string(e.From))
}

func (e *HelperAssignment) natural() string {
	return natural("helper", e.Name, e.Unit, string(e.From))
}

func (e *Damage) natural() string {
	return natural("damage", string(e.Cause), string(e.HappenedOn))
}

func (e *Appraisal) natural() string {
	if e.Certificate != "" {
		return natural("appraisal", e.Certificate, "")
	}
	return natural("appraisal", e.Appraiser, string(e.AppraisedOn))
}

// natural makes a key of 16 characters after its kind; each part is preceded by its
// length, so that no two contents share an input.
func natural(kind string, parts ...string) string {
	h := sha256.New()
	var length [4]byte
	for _, p := range parts {
		binary.BigEndian.PutUint32(length[:], uint32(len(p)))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	return kind + "_" + strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)[:10]))
}

// addKeys keys every element without a key, except those that name a person by
// something else than the hub id, and benefits that do not say yet who paid.
func (h *Household) addKeys() {
	known := func(person string) bool { return person == "" || h.Person(person) != nil }
	for i := range h.Helpers {
		addKey(&h.Helpers[i].ID, true, h.Helpers[i].natural)
	}
	for i := range h.Needs {
		addKey(&h.Needs[i].ID, known(h.Needs[i].Person), h.Needs[i].natural)
	}
	for i := range h.Shocks {
		addKey(&h.Shocks[i].ID, known(h.Shocks[i].Person), h.Shocks[i].natural)
	}
	for i := range h.Housing.Damages {
		addKey(&h.Housing.Damages[i].ID, true, h.Housing.Damages[i].natural)
	}
	for i := range h.Housing.Appraisals {
		addKey(&h.Housing.Appraisals[i].ID, true, h.Housing.Appraisals[i].natural)
	}
	for i := range h.Assistance {
		addKey(&h.Assistance[i].ID, known(h.Assistance[i].Person), h.Assistance[i].natural)
	}
	for i := range h.Benefits {
		e := &h.Benefits[i]
		addKey(&e.ID, known(e.Person) && e.Group != "", e.natural)
	}
}

func addKey(id *string, may bool, natural func() string) {
	if *id == "" && may {
		*id = natural()
	}
}

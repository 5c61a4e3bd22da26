package division

import (
	"bytes"
	_ "embed"
	"sync"
)

// The divisions come from the MIT-licensed data set china-division 2.7.0.
var (
	//go:embed data/divisions-hainan.csv
	hainanDivisions []byte
	//go:embed data/areas-hainan.csv
	hainanAreas []byte
)

// Hainan is the tree of Hainan province with its 20 areas, built in.
func Hainan() *Tree { return hainan() }

var hainan = sync.OnceValue(func() *Tree {
	t, err := Load(bytes.NewReader(hainanDivisions), bytes.NewReader(hainanAreas))
	if err != nil {
		panic("division: built-in files: " + err.Error()) // a test loads them
	}
	return t
})

package catalogue

import (
	_ "embed"
	"slices"
)

//go:embed hainan-2019.yaml
var hainan2019 []byte

// Hainan2019 is the text of the catalogue made from the notice of 2019-04-21.
func Hainan2019() []byte { return slices.Clone(hainan2019) }

package household

import "fmt"

// Yuan writes an amount of fen as people read it.
func Yuan(fen int64) Label {
	sign, n := "", uint64(fen) //nolint:gosec // the sign is taken off next
	if fen < 0 {
		sign, n = "-", -n
	}
	text := fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
	return Label{text + "元", text + " yuan"}
}

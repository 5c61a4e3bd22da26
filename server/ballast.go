package server

// ballast is in bytes.
const ballast = 64 << 20

// Ballast is for the program that runs a hub to keep for as long as it runs, by
// [runtime.KeepAlive]. It is counted as heap but never touched, so that it takes nothing of
// the machine: so much garbage at least gathers before it is collected. What a hub holds is
// less than half of that, and would have the collector run many times a second.
func Ballast() []byte { return make([]byte, ballast) }

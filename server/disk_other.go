//go:build !linux && !darwin

package server

// freeSpace is not known on this system.
func freeSpace(string) (free, size uint64, known bool) { return 0, 0, false }

//go:build linux || darwin

package server

import "syscall"

// freeSpace gives the bytes that are free to this user on the disk of a folder, and its size.
func freeSpace(folder string) (free, size uint64, known bool) {
	var at syscall.Statfs_t
	if syscall.Statfs(folder, &at) != nil {
		return 0, 0, false
	}
	unit := uint64(at.Bsize) //nolint:gosec // of another type on every system, never negative
	return at.Bavail * unit, at.Blocks * unit, true
}

package main

import (
	"bufio"
	"os"
	"runtime"
	"strings"
)

// machine is what figures depend on.
type machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	Memory   string `json:"memory"`
	System   string `json:"system"`
	Database string `json:"database"` // version, and whether a commit is on disk when it returns
}

func thisMachine(database string) machine {
	return machine{
		CPU: fact("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: fact("/proc/meminfo", "MemTotal"),
		System: runtime.GOOS + "/" + runtime.GOARCH + " " + runtime.Version(), Database: database,
	}
}

// fact finds "name : value" in a file of /proc; "" where there is none.
func fact(file, name string) string {
	f, err := os.Open(file) //nolint:gosec // a file of the kernel's
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

package config

import (
	"math"
	"syscall"
)

// OpenFiles returns how many files this process may have open at the same time.
// Sockets count.
func OpenFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the lowest limit in use
	}
	return int(min(limit.Cur, math.MaxInt32))
}

// The descriptors that ShareFiles reserves: for Redis, the database and the
// rest of the process; and for connections that are being refused because the
// server is full (maxRefused in server/socket).
const (
	ownFiles     = 64
	refusedFiles = 32
)

// ShareFiles divides the files of a process between WebSockets and connections
// with plain requests, so that a server full of WebSockets still answers
// requests, above all /readyz. Both shares are at least 16.
func ShareFiles(files int) (sockets, requests int) {
	requests = min(max(files/8, 16), 1000)
	return max(files-ownFiles-refusedFiles-requests, 16), requests
}

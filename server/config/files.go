package config

import (
	"math"
	"syscall"
)

// OpenFiles returns how many files this process may have open at once. Sockets
// are files, too.
func OpenFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 1024 // the least that systems give
	}
	return int(min(limit.Cur, math.MaxInt32))
}

// What ShareFiles keeps back: for Redis, the database and the rest of the
// process; and for connections that are told that the server is full
// (maxRefused in server/session).
const (
	ownFiles     = 64
	refusedFiles = 32
)

// ShareFiles divides the files of a process: so many are for WebSockets, and so
// many for connections with plain requests, so that a server which is full of
// the former still answers the latter, /readyz first of all. Both are at least 16.
func ShareFiles(files int) (sockets, requests int) {
	requests = min(max(files/8, 16), 1000)
	return max(files-ownFiles-refusedFiles-requests, 16), requests
}

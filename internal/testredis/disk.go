package testredis

import (
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ignoreFull keeps a redis-server alive whose disk is full: it would be killed
// by a signal, where a real disk only fails the write. An ignored signal stays
// ignored in child processes.
var ignoreFull = sync.OnceFunc(func() { signal.Ignore(syscall.SIGXFSZ) })

// FillDisk makes all its writes to files fail, as on a full disk. A server that
// syncs with every write (as New's does by default) ends then.
func (s *Server) FillDisk() { s.limitFiles(1) }

// FreeDisk undoes FillDisk.
func (s *Server) FreeDisk() { s.limitFiles(unix.RLIM_INFINITY) }

func (s *Server) limitFiles(size uint64) {
	s.t.Helper()
	limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		s.t.Fatal(err)
	}
}

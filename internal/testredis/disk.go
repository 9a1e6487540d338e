package testredis

import (
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ignoreFull keeps a redis-server whose disk is full alive: it would get a
// signal, where a real disk only fails the write. What is ignored stays so in
// the programs that are started.
var ignoreFull = sync.OnceFunc(func() { signal.Ignore(syscall.SIGXFSZ) })

// FillDisk makes every write of it to a file fail, as on a full disk. A server
// that syncs with every write (New's does, unless told otherwise) ends by that.
func (s *Server) FillDisk() { s.limitFiles(1) }

// FreeDisk ends FillDisk.
func (s *Server) FreeDisk() { s.limitFiles(unix.RLIM_INFINITY) }

func (s *Server) limitFiles(size uint64) {
	s.t.Helper()
	limit := unix.Rlimit{Cur: size, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(s.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		s.t.Fatal(err)
	}
}

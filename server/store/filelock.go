package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ErrInUse means that another process uses a database file in a way that
// excludes this one.
var ErrInUse = errors.New("in use")

// Lock keeps servers off an SQLite file that they must not share. With alone,
// the process must have the file to itself; without it, the file may be shared
// with others that do not need it alone either. The lock is a file beside the
// database. It stays on disk but is locked only while it is open, so the lock
// is released when the process ends, however it ends, or when the result is
// closed. For any other url there is nothing to lock and the result is nil.
func Lock(url string, alone bool) (io.Closer, error) {
	path, isSQLite := strings.CutPrefix(url, sqlite+":")
	if !isSQLite || path == memory {
		return nil, nil
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	f, err := os.OpenFile(path+".lock", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	err = syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid := make([]byte, 20)
		n, _ := f.ReadAt(pid, 0)
		_ = f.Close()
		return nil, fmt.Errorf("%s is %w by process %s", path, ErrInUse, strings.TrimSpace(string(pid[:n])))
	}
	if err == nil {
		// Shown to a process that is refused. Another process that shares the
		// file may overwrite it; that does not matter.
		_, err = f.WriteAt([]byte(fmt.Sprintf("%-20s", strconv.Itoa(os.Getpid()))), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return fileLock{f}, nil
}

type fileLock struct{ *os.File }

// Close releases the lock. Closing the file would not be enough: while this
// process starts a program, the file is open in that, too, for a moment.
func (l fileLock) Close() error {
	err := syscall.Flock(int(l.Fd()), syscall.LOCK_UN)
	return errors.Join(err, l.File.Close())
}

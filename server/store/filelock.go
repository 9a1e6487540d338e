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

// ErrInUse says that another process uses a database file in a way that does
// not go together with this one's.
var ErrInUse = errors.New("in use")

// Lock keeps servers from one SQLite file that must not share it: alone says that
// this one must have it for itself. Others may share it if all of them say so. The
// lock is a file beside the database, which stays; what locks it is that it is open
// here, so it is free when the process ends, however it ends. Closing the result
// frees it, too. There is nothing to lock, and the result nil, with any other url.
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
		// For whoever is refused. That it may be overwritten by another one
		// that shares the file does not matter.
		_, err = f.WriteAt([]byte(fmt.Sprintf("%-20s", strconv.Itoa(os.Getpid()))), 0)
	}
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock the database: %w", err)
	}
	return f, nil
}

package store

import (
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// The lock is released when its process ends, however it ends.
func TestLockEndsWithItsProcess(t *testing.T) {
	if path := os.Getenv("LOCK_TEST_FILE"); path != "" { // we are that process
		if _, err := Lock("sqlite:"+path, true); err != nil {
			t.Fatal(err)
		}
		p, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = p.Kill()
		}
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a b.db")
	other := osexec.Command(os.Args[0], "-test.run", "^TestLockEndsWithItsProcess$")
	other.Env = append(os.Environ(), "LOCK_TEST_FILE="+path)
	if err := other.Run(); err == nil || other.ProcessState.Exited() {
		t.Fatalf("the other process was not killed: %v", err)
	}
	if _, err := os.Stat(path + ".lock"); err != nil {
		t.Fatalf("it did not have the lock: %v", err)
	}
	lock, err := Lock("sqlite:"+path, true)
	if err != nil {
		t.Fatalf("after a crash: %v", err)
	}
	defer lock.Close()
	if _, err := Lock("sqlite:"+path, false); !errors.Is(err, ErrInUse) {
		t.Errorf("shared beside an exclusive lock: %v", err)
	}
	for _, url := range []string{"sqlite::memory:", "postgres://db/x"} {
		if lock, err := Lock(url, true); lock != nil || err != nil {
			t.Errorf("%s: %v, %v", url, lock, err)
		}
	}
}

// The lock is released although a program that this process is starting still
// has its file open.
func TestLockEndsWhileAProgramStarts(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "livechat.db")
	lock, err := Lock(url, true)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := syscall.Dup(int(lock.(fileLock).Fd())) // as fork does
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(copied) }()
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Lock(url, true)
	if err != nil {
		t.Fatal(err)
	}
	_ = again.Close()
}

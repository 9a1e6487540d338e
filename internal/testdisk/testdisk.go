// Package testdisk provides a small disk that a test can fill.
package testdisk

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Disk is a file system in memory.
type Disk struct {
	Dir string // mount point

	t testing.TB
}

// New mounts a disk of the given size in megabytes until the test ends. It
// needs root; otherwise the test is skipped.
func New(t testing.TB, megabytes int) *Disk {
	t.Helper()
	dir, err := os.MkdirTemp("", "disk") // t.TempDir is closed to other users, such as postgres
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &Disk{Dir: dir, t: t}
	err = unix.Mount("tmpfs", d.Dir, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) {
		t.Skip("mounting a small disk needs root: run this test as root")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(d.Dir, unix.MNT_DETACH) })
	return d
}

func (d *Disk) ballast() string { return filepath.Join(d.Dir, "ballast") }

// Fill writes a file until the disk is full.
func (d *Disk) Fill() {
	d.t.Helper()
	f, err := os.Create(d.ballast())
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for page := bytes.Repeat([]byte("x"), 4096); err == nil; {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

// Free removes the file that Fill wrote.
func (d *Disk) Free() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Fatal(err)
	}
}

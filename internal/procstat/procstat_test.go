package procstat

import (
	"errors"
	"math"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"livechat/internal/poll"
)

func TestProcessThatRuns(t *testing.T) {
	self := os.Getpid()
	// use some CPU time
	for deadline := time.Now().Add(50 * time.Millisecond); time.Now().Before(deadline); {
	}
	cpu, err := CPU(self)
	if err != nil || cpu <= 0 || cpu > time.Hour {
		t.Errorf("CPU: %v, %v", cpu, err)
	}
	memory, err := Memory(self)
	if err != nil || memory < 1<<20 || memory > 1<<40 {
		t.Errorf("memory: %d bytes, %v", memory, err)
	}
	if peak, err := Peak(self); err != nil || peak < memory {
		t.Errorf("peak: %d bytes, %v, with %d resident", peak, err, memory)
	}
	if n, err := Threads(self); err != nil || n < 1 {
		t.Errorf("threads: %d, %v", n, err)
	}
	before, err := Files(self)
	if err != nil || before < 3 {
		t.Fatalf("files: %d, %v", before, err)
	}
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if after, err := Files(self); err != nil || after != before+1 {
		t.Errorf("files: %d, %v, want %d", after, err, before+1)
	}
}

func TestPeakBeginsAgain(t *testing.T) {
	self := os.Getpid()
	const large = 100 << 20
	block, err := syscall.Mmap(-1, 0, large, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(block); i += os.Getpagesize() {
		block[i] = 1
	}
	high, err := Peak(self)
	if err := errors.Join(err, syscall.Munmap(block), ResetPeak(self)); err != nil {
		t.Fatal(err)
	}
	if low, err := Peak(self); err != nil || low > high-large/2 {
		t.Errorf("%d bytes, %v, after %d", low, err, high)
	}
}

func TestFamilyIncludesChildren(t *testing.T) {
	child := exec.Command("sh", "-c", "while :; do :; done")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill(); _ = child.Wait() }()
	poll.Until(t, "the child used 200 ms", func() bool {
		used, err := CPU(child.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		return used >= 200*time.Millisecond
	})
	own, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if all, err := FamilyCPU(os.Getpid()); err != nil || all < own+200*time.Millisecond {
		t.Errorf("family: %v, %v, want at least 200 ms more than %v", all, err, own)
	}
}

func TestProcessThatDoesNotExist(t *testing.T) {
	const pid = math.MaxInt32
	for name, read := range map[string]func() error{
		"CPU":       func() error { _, err := CPU(pid); return err },
		"FamilyCPU": func() error { _, err := FamilyCPU(pid); return err },
		"Memory":    func() error { _, err := Memory(pid); return err },
		"Peak":      func() error { _, err := Peak(pid); return err },
		"ResetPeak": func() error { return ResetPeak(pid) },
		"Files":     func() error { _, err := Files(pid); return err },
		"Threads":   func() error { _, err := Threads(pid); return err },
	} {
		if read() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

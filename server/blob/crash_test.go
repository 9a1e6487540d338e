package blob

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// crashEnv holds the address that the child of TestKilledInTheMiddle puts into.
const crashEnv = "LIVECHAT_TEST_BLOB"

func TestKilledInTheMiddle(t *testing.T) {
	if address := os.Getenv(crashEnv); address != "" {
		putForever(t, address)
		return
	}
	for name, start := range map[string]func(t *testing.T) (address string){
		"folder":    func(t *testing.T) string { return "file:" + filepath.Join(t.TempDir(), "files") },
		"gofakes3":  func(t *testing.T) string { return startFake(t).address("") },
		"versitygw": func(t *testing.T) string { return startGateway(t).address("") },
	} {
		t.Run(name, func(t *testing.T) {
			address := start(t)
			s := open(t, address, testKeys)
			put(t, s, "ab/kept", []byte("old"))
			for _, key := range []string{"ab/new", "ab/kept"} {
				killWhilePutting(t, address, key)
			}
			if got := keys(t, s, ""); len(got) != 1 || string(get(t, s, "ab/kept")) != "old" {
				t.Errorf("there are %q", got)
			}
			var left int
			var clean func(before time.Time) error
			switch s := s.(type) {
			case *folder:
				left, clean = len(temporaryFiles(t, s)), s.clean
			case *bucket:
				left = len(multipartUploads(t, s))
				clean = func(before time.Time) error { return s.clean(t.Context(), before) }
			}
			if left != 2 {
				t.Errorf("%d uploads were cut off, want 2", left)
			}
			if err := clean(time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
			leftovers(t, s)
			put(t, s, "ab/new", []byte("new"))
		})
	}
}

// killWhilePutting kills a process that has written a part of what it puts.
func killWhilePutting(t *testing.T, address, key string) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run", "^TestKilledInTheMiddle$", key)
	child.Env = append(os.Environ(), crashEnv+"="+address)
	child.Stderr = t.Output()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if killErr := child.Process.Kill(); killErr != nil {
		t.Fatal(killErr)
	}
	_ = child.Wait()
	if err != nil || line != "in the middle\n" {
		t.Fatalf("the child said %q: %v", line, err)
	}
}

// putForever is the child: it says when enough is read that a part has been
// written, and waits to be killed.
func putForever(t *testing.T, address string) {
	s, err := Open(t.Context(), address, testKeys)
	if err != nil {
		t.Fatal(err)
	}
	silent := readFunc(func([]byte) (int, error) {
		_, _ = io.WriteString(os.Stdout, "in the middle\n")
		time.Sleep(time.Minute) // the parent kills this process
		return 0, io.EOF
	})
	key := os.Args[len(os.Args)-1]
	r := io.MultiReader(strings.NewReader(strings.Repeat("x", 2*partSize+1)), silent)
	if err := s.Put(t.Context(), key, r, -1); err != nil {
		t.Fatal(err)
	}
}

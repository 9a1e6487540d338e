package blob

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"livechat/internal/testdisk"
)

func temporaryFiles(t *testing.T, f *folder) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir(f.root.FS(), temporary)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func openTestFolder(t *testing.T) (*folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a", "livechat-files")
	return open(t, "file:"+dir, Keys{}).(*folder), dir
}

func TestFolderIsPrivate(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	s, dir := openTestFolder(t)
	put(t, s, "ab/cd/private", []byte("x"))
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestObjectInFolderOutlivesItsKey(t *testing.T) {
	s, _ := openTestFolder(t)
	want := content(200_000)
	put(t, s, "ab/x", want)
	for _, change := range []func() error{
		func() error { return s.Put(t.Context(), "ab/x", strings.NewReader("other"), -1) },
		func() error { return s.Delete(t.Context(), "ab/x") },
	} {
		put(t, s, "ab/x", want)
		object, err := s.Open(t.Context(), "ab/x")
		if err != nil {
			t.Fatal(err)
		}
		head := make([]byte, 1000)
		if _, err := io.ReadFull(object, head); err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(object)
		if err != nil || !bytes.Equal(append(head, rest...), want) {
			t.Errorf("%d bytes, %v", len(rest), err)
		}
		if err := object.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestDeleteRemovesEmptyFolders(t *testing.T) {
	s, dir := openTestFolder(t)
	put(t, s, "parts/one/0", []byte("x"))
	put(t, s, "parts/two/0", []byte("x"))
	for _, step := range []struct {
		key  string
		want []string
	}{
		{"parts/one/0", []string{".tmp", "parts", "parts/two", "parts/two/0"}},
		{"parts/two/0", []string{".tmp"}},
	} {
		if err := s.Delete(t.Context(), step.key); err != nil {
			t.Fatal(err)
		}
		var got []string
		err := fs.WalkDir(os.DirFS(dir), ".", func(name string, _ fs.DirEntry, err error) error {
			if name != "." {
				got = append(got, name)
			}
			return err
		})
		if err != nil || !slices.Equal(got, step.want) {
			t.Errorf("after %s: %q, want %q; %v", step.key, got, step.want, err)
		}
	}
}

// A Delete that removes a folder must not make a Put into it fail.
func TestFoldersComeAndGo(t *testing.T) {
	s, _ := openTestFolder(t)
	var group sync.WaitGroup
	for _, key := range []string{"parts/up/1", "parts/up/2", "parts/up/3"} {
		group.Go(func() {
			for range 100 {
				put(t, s, key, []byte(key))
				if got := get(t, s, key); string(got) != key {
					t.Errorf("%s: %q", key, got)
				}
				if err := s.Delete(t.Context(), key); err != nil {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	group.Wait()
}

func TestOldTemporaryFilesAreRemoved(t *testing.T) {
	s, dir := openTestFolder(t)
	ages := map[string]time.Duration{"old": abandoned + time.Minute, "young": abandoned - time.Hour}
	for name, age := range ages {
		path := filepath.Join(dir, temporary, name)
		if err := os.WriteFile(path, []byte("half a f"), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(-age)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, "ab/x", []byte("x")) // less than an hour after Open has cleaned
	if got := temporaryFiles(t, s); !slices.Equal(got, []string{"old", "young"}) {
		t.Errorf("there are %q", got)
	}
	s.sweep.next.Store(time.Now().Add(-time.Second).UnixNano()) // the hour is over
	put(t, s, "ab/x", []byte("x"))
	if got := temporaryFiles(t, s); !slices.Equal(got, []string{"young"}) {
		t.Errorf("there are %q", got)
	}
}

// Files that others put into the folder are neither listed nor touched, and a
// link leads nowhere.
func TestFolderWithOtherFiles(t *testing.T) {
	s, dir := openTestFolder(t)
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, s, "ab/x", []byte("x"))
	links := map[string]string{"out": outside, "ab/link": filepath.Join(outside, "secret")}
	for link, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"lost+found", ".snapshot"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0); err != nil {
			t.Fatal(err)
		}
	}
	if got := keys(t, s, ""); !slices.Equal(got, []string{"ab/x"}) {
		t.Errorf("there are %q", got)
	}
	for _, key := range []string{"out/secret", "ab/link"} {
		if object, err := s.Open(t.Context(), key); err == nil {
			object.Close()
			t.Errorf("%s leads out of the folder", key)
		}
	}
	if err := s.Put(t.Context(), "out/new", strings.NewReader("x"), 1); err == nil {
		t.Error("a link led a Put out of the folder")
	}
	if err := s.Delete(t.Context(), "out/secret"); err == nil {
		t.Error("a link led a Delete out of the folder")
	}
	leftovers(t, s)
}

func TestFullDisk(t *testing.T) {
	disk := testdisk.New(t, 4)
	s := open(t, "file:"+filepath.Join(disk.Dir, "files"), Keys{}).(*folder)
	put(t, s, "ab/kept", content(1000))
	err := s.Put(t.Context(), "ab/large", bytes.NewReader(content(8<<20)), 8<<20)
	if !errors.Is(err, syscall.ENOSPC) || strings.Contains(err.Error(), "large") {
		t.Errorf("put: %v", err)
	}
	if got := keys(t, s, ""); !slices.Equal(got, []string{"ab/kept"}) {
		t.Errorf("there are %q", got)
	}
	leftovers(t, s)
	put(t, s, "ab/small", content(1000))
}

func TestFolderThatCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"file:", "file:" + file, "file:" + file + "/below", "file:/proc/livechat"} {
		if s, err := Open(t.Context(), address, Keys{}); err == nil {
			s.Close()
			t.Errorf("%s: opened", address)
		}
	}
}

func TestAddressesOfFolders(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	dir += "/files"
	for _, address := range []string{"file:files", "file:./files", "file:" + dir, "file://" + dir} {
		s := open(t, address, Keys{})
		if address == "file:files" {
			put(t, s, "ab/x", []byte("x"))
		}
		if got := get(t, s, "ab/x"); string(got) != "x" {
			t.Errorf("%s: %q", address, got)
		}
	}
}

package blob

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// backends are what the contract is tested on. Each opens a store of its own,
// which is empty.
var backends = []struct {
	name string
	open func(t *testing.T) Store
}{
	{"folder", func(t *testing.T) Store { return open(t, "file:"+t.TempDir(), Keys{}) }},
	{"gofakes3", func(t *testing.T) Store { return open(t, startFake(t).address("a/b"), testKeys) }},
	{"versitygw", func(t *testing.T) Store { return open(t, startGateway(t).address(""), testKeys) }},
}

func onAll(t *testing.T, test func(t *testing.T, s Store)) {
	for _, backend := range backends {
		t.Run(backend.name, func(t *testing.T) { test(t, backend.open(t)) })
	}
}

func open(t *testing.T, address string, keys Keys) Store {
	t.Helper()
	s, err := Open(t.Context(), address, keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// content returns bytes that differ from place to place.
func content(size int) []byte {
	all := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(size)})
	_, _ = random.Read(all)
	return all
}

// stream hides that a reader can do more than read.
type stream struct{ io.Reader }

func put(t *testing.T, s Store, key string, all []byte) {
	t.Helper()
	if err := s.Put(t.Context(), key, stream{bytes.NewReader(all)}, int64(len(all))); err != nil {
		t.Fatal(err)
	}
}

// get returns what is under key, or nil.
func get(t *testing.T, s Store, key string) []byte {
	t.Helper()
	object, err := s.Open(t.Context(), key)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	all, err := io.ReadAll(object)
	if err != nil {
		t.Fatal(err)
	}
	if object.Size() != int64(len(all)) {
		t.Errorf("%s has %d bytes and a size of %d", key, len(all), object.Size())
	}
	return append([]byte{}, all...)
}

// keys returns the keys that begin with prefix, sorted.
func keys(t *testing.T, s Store, prefix string) []string {
	t.Helper()
	found := []string{}
	for info, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, info.Key)
	}
	slices.Sort(found)
	return found
}

func TestObjectSeeks(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		all := content(300_000)
		put(t, s, "ab/seek", all)
		object, err := s.Open(t.Context(), "ab/seek")
		if err != nil {
			t.Fatal(err)
		}
		defer object.Close()
		buffer := make([]byte, 1000)
		for _, step := range []struct {
			offset int64
			whence int
			want   int
		}{
			{0, io.SeekEnd, 300_000},
			{0, io.SeekStart, 0},
			{100_000, io.SeekStart, 100_000},
			{50_000, io.SeekCurrent, 151_000},
			{-300_000, io.SeekEnd, 0},
			{-10, io.SeekEnd, 299_990},
			{400_000, io.SeekStart, 400_000},
			{500, io.SeekStart, 500},
		} {
			at, err := object.Seek(step.offset, step.whence)
			if err != nil || at != int64(step.want) {
				t.Fatalf("seek to %d, %d: %d, %v", step.offset, step.whence, at, err)
			}
			n, err := io.ReadFull(object, buffer)
			want := all[min(step.want, len(all)):min(step.want+1000, len(all))]
			if !bytes.Equal(buffer[:n], want) || len(want) == len(buffer) && err != nil {
				t.Errorf("at %d: %d bytes, not those that are there; %v", at, n, err)
			}
			if len(want) == 0 && err != io.EOF {
				t.Errorf("at %d, the end or after it: %v", at, err)
			}
		}
		if _, err := object.Seek(-1, io.SeekStart); err == nil {
			t.Error("seek to -1: no error")
		}
		if _, err := object.Seek(0, 7); err == nil {
			t.Error("seek by whence 7: no error")
		}
	})
}

func TestMissingKeys(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		put(t, s, "ab/there", []byte("x"))
		for _, key := range []string{"ab/gone", "zz/gone", "ab", "gone"} {
			if _, err := s.Open(t.Context(), key); !errors.Is(err, ErrNotFound) {
				t.Errorf("open %s: %v", key, err)
			}
			if err := s.Delete(t.Context(), key); err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		}
		if got := keys(t, s, ""); !slices.Equal(got, []string{"ab/there"}) {
			t.Errorf("there are %q", got)
		}
	})
}

func TestDelete(t *testing.T) {
	onAll(t, func(t *testing.T, s Store) {
		put(t, s, "parts/up/1", []byte("one"))
		put(t, s, "parts/up/2", []byte("two"))
		if err := s.Delete(t.Context(), "parts/up/1"); err != nil {
			t.Fatal(err)
		}
		if get(t, s, "parts/up/1") != nil || string(get(t, s, "parts/up/2")) != "two" {
			t.Error("the wrong key was deleted")
		}
		if err := s.Delete(t.Context(), "parts/up/2"); err != nil {
			t.Fatal(err)
		}
		put(t, s, "parts/up/1", []byte("again"))
		if got := get(t, s, "parts/up/1"); string(got) != "again" {
			t.Errorf("after all was deleted: %q", got)
		}
	})
}

func TestInvalidKeys(t *testing.T) {
	bad := []string{
		"", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", ".", "./a", ".tmp/a", "a/.b",
		`a\b`, "a b", "ä", "a\x00b", "a\nb", "a:b", "%2e%2e/a",
		strings.Repeat("a", maxSegment+1), strings.Repeat("a/", maxKey/2) + "a",
	}
	onAll(t, func(t *testing.T, s Store) {
		for _, key := range bad {
			if err := s.Put(t.Context(), key, strings.NewReader("x"), 1); !errors.Is(err, ErrKey) {
				t.Errorf("put %q: %v", key, err)
			}
			if _, err := s.Open(t.Context(), key); !errors.Is(err, ErrKey) {
				t.Errorf("open %q: %v", key, err)
			}
			if err := s.Delete(t.Context(), key); !errors.Is(err, ErrKey) {
				t.Errorf("delete %q: %v", key, err)
			}
			for _, err := range s.List(t.Context(), key) {
				if key != "" && key != "a/" && !errors.Is(err, ErrKey) {
					t.Errorf("list %q: %v", key, err)
				}
			}
		}
		if got := keys(t, s, ""); len(got) > 0 {
			t.Errorf("there are %q", got)
		}
	})
}

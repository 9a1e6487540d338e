package blob

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"
)

// seen collects what Instrument reports: the operation, and ! after a failure.
type seen struct{ ops []string }

func (s *seen) observe(op string, err error, d time.Duration) {
	if d < 0 {
		op += " took a negative time"
	}
	if err != nil {
		op += "!"
	}
	s.ops = append(s.ops, op)
}

// expect fails the test unless these and no others were seen since the last call.
func (s *seen) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(s.ops, want) {
		t.Errorf("observed %q, want %q", s.ops, want)
	}
	s.ops = nil
}

func TestInstrument(t *testing.T) {
	var seen seen
	plain, _ := openTestFolder(t)
	s := Instrument(plain, seen.observe)
	put(t, s, "ab/x", []byte("content"))
	seen.expect(t, "put")
	if got := get(t, s, "ab/x"); string(got) != "content" {
		t.Errorf("got %q", got)
	}
	seen.expect(t, "open", "read")
	keys(t, s, "")
	for _, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	seen.expect(t, "list", "list")
	if err := s.Delete(t.Context(), "ab/x"); err != nil {
		t.Fatal(err)
	}
	seen.expect(t, "delete")

	// An object that does not exist is no failure of the store.
	if get(t, s, "ab/x") != nil {
		t.Error("not deleted")
	}
	broken := errors.New("broken")
	if err := s.Put(t.Context(), "ab/x", iotest.ErrReader(broken), -1); !errors.Is(err, broken) {
		t.Errorf("put: %v", err)
	}
	if err := s.Put(t.Context(), "../x", strings.NewReader("x"), 1); !errors.Is(err, ErrKey) {
		t.Errorf("put: %v", err)
	}
	seen.expect(t, "open", "put", "put")
}

func TestInstrumentReportsFailures(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	var seen seen
	s := Instrument(open(t, server{away.URL}.address(""), testKeys), seen.observe)
	_ = s.Put(t.Context(), "ab/x", strings.NewReader("x"), 1)
	_, _ = s.Open(t.Context(), "ab/x")
	_ = s.Delete(t.Context(), "ab/x")
	for _, err := range s.List(t.Context(), "") {
		if err == nil {
			t.Error("listed what is away")
		}
	}
	seen.expect(t, "put!", "open!", "delete!", "list!")

	folder, _ := openTestFolder(t)
	s = Instrument(folder, seen.observe)
	put(t, s, "ab/x", []byte("x"))
	object, err := s.Open(t.Context(), "ab/x")
	if err != nil {
		t.Fatal(err)
	}
	_ = object.(*timedObject).Object.Close()
	_, _ = io.ReadAll(object) // of a closed file
	_ = object.Close()
	_ = object.Close()
	seen.expect(t, "put", "open", "read!")
}

// The time that a client takes to send a file is not the store's.
func TestInstrumentTakesNoAccountOfTheReader(t *testing.T) {
	folder, _ := openTestFolder(t)
	synctest.Test(t, func(t *testing.T) {
		slow := readFunc(func([]byte) (int, error) {
			time.Sleep(time.Hour)
			return 0, io.EOF
		})
		s := Instrument(folder, func(_ string, _ error, d time.Duration) {
			if d >= time.Hour {
				t.Errorf("took %v", d)
			}
		})
		if err := s.Put(t.Context(), "ab/slow", slow, -1); err != nil {
			t.Fatal(err)
		}
	})
}

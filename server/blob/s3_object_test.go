package blob

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Reading a part downloads that part, and about what fits into the buffers of the
// connection.
func TestRangeReadsDownloadLittle(t *testing.T) {
	s, p := openBehindProxy(t)
	all := content(48 << 20)
	put(t, s, "ab/film", all)
	p.requests()
	object, err := s.Open(t.Context(), "ab/film")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	buffer := make([]byte, 1000)
	if _, err := object.Seek(-2000, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadFull(object, buffer)
	if err != nil || !bytes.Equal(buffer, all[len(all)-2000:len(all)-1000]) {
		t.Errorf("not what is there: %v", err)
	}
	offset := strconv.Itoa(len(all) - 2000)
	want := []string{"HEAD ab/film", "GET ab/film bytes=" + offset + "-"}
	if got := p.requests(); !slices.Equal(got, want) {
		t.Errorf("requests: %q, want %q", got, want)
	}
	if sent := p.sent.Load(); sent > 10_000 {
		t.Errorf("%d bytes were sent for 1,000", sent)
	}
	if _, err := object.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(object, buffer); err != nil || !bytes.Equal(buffer, all[:1000]) {
		t.Errorf("not what is there: %v", err)
	}
	object.Close()
	if sent := p.sent.Load(); sent > int64(len(all))/2 {
		t.Errorf("%d bytes were sent of a film of which 1,000 were read", sent)
	}
}

// A connection that breaks in the middle is taken up where it broke.
func TestReadGoesOnAfterABreak(t *testing.T) {
	s, p := openBehindProxy(t)
	all := content(100_000)
	put(t, s, "ab/x", all)
	p.answering(func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method != http.MethodGet {
			return false
		}
		record := httptest.NewRecorder()
		p.fake.ServeHTTP(record, r)
		for name, values := range record.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(record.Code)
		body := record.Body.Bytes()
		_, _ = w.Write(body[:min(len(body), 30_000)])
		if len(body) > 30_000 {
			panic(http.ErrAbortHandler)
		}
		return true
	})
	if got := get(t, s, "ab/x"); !bytes.Equal(got, all) {
		t.Errorf("got %d bytes", len(got))
	}
	p.answering(func(_ http.ResponseWriter, r *http.Request, _ int) bool {
		if r.Method == http.MethodGet {
			panic(http.ErrAbortHandler)
		}
		return false
	})
	object, err := s.Open(t.Context(), "ab/x")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	p.requests()
	if _, err := io.ReadAll(object); err == nil || strings.Contains(err.Error(), "ab/x") {
		t.Errorf("S3 hangs up always: %v", err)
	}
	if got := p.requests(); len(got) > 2*attempts { // net/http repeats one if the connection was an old one
		t.Errorf("requests: %q", got)
	}
}

func TestObjectThatIsReplaced(t *testing.T) {
	s, _ := openBehindProxy(t)
	put(t, s, "ab/x", []byte("old"))
	object, err := s.Open(t.Context(), "ab/x")
	if err != nil {
		t.Fatal(err)
	}
	defer object.Close()
	put(t, s, "ab/x", []byte("new"))
	if all, err := io.ReadAll(object); err == nil {
		t.Errorf("opened the old one and read %q", all)
	}
	if err := s.Delete(t.Context(), "ab/x"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(object); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
}

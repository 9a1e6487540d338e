package files

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// broken sends some bytes and then fails.
type broken struct{ r io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err == io.EOF {
		err = errors.New("connection reset")
	}
	return n, err
}

func TestRefusedUploadsLeaveNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		big := strings.Repeat("x", 3<<20+1)
		for _, c := range []struct {
			name string
			size int64
			r    io.Reader
			want chat.Code
		}{
			{"too large", int64(len(big)), strings.NewReader(""), chat.CodeTooLarge},
			{"too large, as it turns out", -1, strings.NewReader(big), chat.CodeTooLarge},
			{"longer than announced", 3, strings.NewReader("four"), chat.CodeBadRequest},
			{"shorter than announced", 5, strings.NewReader("four"), chat.CodeBadRequest},
			{"cut off", -1, broken{strings.NewReader("four")}, chat.CodeBadRequest},
			{"empty", -1, strings.NewReader(""), chat.CodeBadRequest},
			{"broken picture", -1, bytes.NewReader(picturePNG(t, 2000, 9)[:400]), chat.CodeBadImage},
		} {
			_, _, err := w.Store(t.Context(), Upload{Name: "a", Size: c.size, Owner: w.ann}, c.r)
			w.code(c.name, err, c.want)
			w.empty(c.name)
		}
		_, _, err := w.server(func(o *Options) { o.NoGuests = true }).Store(t.Context(), Upload{Size: -1},
			strings.NewReader("x"))
		w.code("a guest", err, chat.CodeForbidden)
		_, _, err = w.server(func(o *Options) { o.MaxFile = 0 }).Store(t.Context(),
			Upload{Size: -1, Owner: w.ann}, strings.NewReader("x"))
		w.code("no files", err, chat.CodeForbidden)
	})
}

func TestQuotas(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		guest := Owner{Author: "g", Addr: "2001:db8::1"}
		for _, c := range []struct {
			name      string
			limits    store.FileLimits
			owner     Owner
			retryable bool
		}{
			{"all", store.FileLimits{All: 10}, w.ann, false},
			{"account", store.FileLimits{User: 10}, w.ann, false},
			{"guests", store.FileLimits{Guests: 10}, Owner{Author: "g", Addr: "::1"}, false},
			{"address", store.FileLimits{Day: 10}, guest, true},
		} {
			s := w.server(func(o *Options) { o.Limits = c.limits })
			first, _, err := s.Store(t.Context(), Upload{Name: "a", Size: 6, Owner: c.owner},
				strings.NewReader("123456"))
			w.must(err)
			for _, size := range []int64{6, -1} {
				_, _, err := s.Store(t.Context(), Upload{Name: "a", Size: size, Owner: c.owner},
					strings.NewReader("123456"))
				w.code(c.name, err, chat.CodeQuota)
				e, _ := errors.AsType[*chat.Error](err)
				same(t, c.name+": retryable", e.Retryable, c.retryable)
				if c.retryable != (e.RetryAfterMS > 0) || !strings.Contains(e.Message, "4 bytes are left") {
					t.Errorf("%s: %v, after %d", c.name, e, e.RetryAfterMS)
				}
			}
			if c.name == "address" { // a neighbour in the same network, and another one
				_, _, err = s.Store(t.Context(),
					Upload{Name: "a", Size: 6, Owner: Owner{Addr: "2001:db8::2"}},
					strings.NewReader("123456"))
				w.code("neighbour", err, chat.CodeQuota)
				other, _, err := s.Store(t.Context(),
					Upload{Name: "a", Size: 6, Owner: Owner{Addr: "192.0.2.1"}}, strings.NewReader("123456"))
				w.must(err)
				w.must(w.Cancel(t.Context(), other.ID, Owner{}))
				w.pass(24 * time.Hour)
				next, _, err := s.Store(t.Context(), Upload{Name: "a", Size: 6, Owner: guest},
					strings.NewReader("123456"))
				w.must(err)
				w.must(w.Cancel(t.Context(), next.ID, guest))
			}
			w.must(w.Cancel(t.Context(), first.ID, c.owner))
			w.must(w.removeDeleted(t.Context()))
			w.empty(c.name)
		}
	})
}

// endless is a body without an end. It counts what was read of it.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.n += int64(len(p))
	return len(p), nil
}

// TestUnknownSizesTakeNoMoreThanThereIs: many uploads whose sizes are not known
// must not fill the store before their ends.
func TestUnknownSizesTakeNoMoreThanThereIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.server(func(o *Options) {
			o.MaxFile, o.Limits.User = 64<<20, reserveStep+1<<20
		})
		body := &endless{}
		_, _, err := s.Store(t.Context(), Upload{Name: "a", Size: -1, Owner: w.ann}, body)
		w.code("too much", err, chat.CodeQuota)
		if body.n > 2*reserveStep+1<<20 {
			t.Errorf("%d bytes were read", body.n)
		}
		w.empty("too much")
		first := &slowly{Reader: strings.NewReader("x")}
		first.do = func() {
			u, err := w.db.FileUsage(t.Context())
			w.must(err)
			same(t, "reserved", u.Bytes >= reserveStep, true)
		}
		_, _, err = s.Store(t.Context(), Upload{Name: "a", Size: -1, Owner: w.ann},
			io.MultiReader(io.LimitReader(&endless{}, reserveStep), first))
		w.must(err)
	})
}

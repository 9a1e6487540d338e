package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
	"livechat/server/store"
)

// claim binds a file to a message and returns the message as it is published.
func (w *world) claim(f Stored) store.RoomMessage {
	w.t.Helper()
	m := store.RoomMessage{Room: "livechat", Epoch: "00000000000000aa", Seq: 1, ID: uuid.NewString(),
		Name: "ann", Author: "@ann", Text: "look", At: time.Now()}
	w.claimFor(&m, f)
	return m
}

// claimFor binds a file to a message of ann.
func (w *world) claimFor(m *store.RoomMessage, f Stored) {
	w.t.Helper()
	files, err := w.db.ClaimFiles(w.t.Context(), chat.Claim{Room: m.Room, Message: m.ID, Author: m.Author,
		Files: []chat.FileRef{{ID: f.ID}}}, w.Now())
	w.must(err)
	m.Extra = chat.Members{Files: files}.Extra()
}

// has fails the test unless a file is there, or is gone.
func (w *world) has(what string, f Stored, want bool) {
	w.t.Helper()
	_, err := w.Get(w.t.Context(), f.ID, 0)
	if err != nil {
		w.code(what, err, chat.CodeUnknownFile)
	}
	same(w.t, what, err == nil, want)
}

// looks lets the collector look again and again for some time.
func (w *world) looks(s *Service, d time.Duration) {
	w.t.Helper()
	for d > 0 {
		step := min(d, 3*collectEvery) // the longest for which the looks follow one another
		w.pass(step)
		d -= step
		if err := s.Collect(w.t.Context()); err != nil && !errors.Is(err, errAway) {
			w.t.Fatal(err)
		}
	}
}

var errAway = errors.New("redis is away")

func TestUnclaimedFilesGo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b, guests := w.upload(w.ann, "a"), w.upload(w.ann, "b"), w.upload(Owner{}, "c")
		w.claim(b)
		w.must(w.Collect(t.Context()))
		w.has("young", a, true)
		w.pass(unclaimedAge + time.Minute)
		w.must(w.Collect(t.Context()))
		w.has("unclaimed", a, false)
		w.has("unclaimed of a guest", guests, false)
		w.has("claimed", b, true)
		same(t, "keys", fmt.Sprint(w.keys()), fmt.Sprint([]string{keyOf(b.ID, 0)}))
	})
}

func TestGuestFilesAge(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		guests, anns := w.upload(Owner{}, "c"), w.upload(w.ann, "a")
		w.claim(guests)
		w.claim(anns)
		w.pass(719 * time.Hour)
		w.must(w.Collect(t.Context()))
		w.has("young", guests, true)
		w.pass(2 * time.Hour)
		w.must(w.Collect(t.Context()))
		w.has("old", guests, false)
		w.has("an account's", anns, true)
	})
}

// TestFilesWaitForTheArchive: whatever happens to Redis and the archive, a file
// of a message that was published stays.
func TestFilesWaitForTheArchive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var behind []string
		var err error
		s := w.server(func(o *Options) {
			o.Behind = func(context.Context, []string) ([]string, error) { return behind, err }
		})
		orphan, waits := w.upload(w.ann, "never published"), w.upload(w.ann, "published")
		w.claim(orphan)
		m := w.claim(waits)

		behind = []string{"livechat"} // the archive is away for days
		w.looks(s, 3*unarchivedAge)
		w.has("while the archive is behind", waits, true)
		behind, err = nil, errAway
		w.looks(s, 2*completeFor)
		w.has("while Redis is away", waits, true)
		w.looks(w.server(nil), 2*completeFor)
		w.has("without anybody to ask", waits, true)

		// Redis comes back without its newest messages. It takes the servers a
		// while to restore them, in which the log looks archived.
		behind, err = nil, nil
		w.looks(s, completeFor/2)
		behind = []string{"livechat"}
		w.looks(s, collectEvery)
		behind = nil
		w.looks(s, completeFor-collectEvery)
		w.has("while the log is repaired", waits, true)
		behind = []string{"livechat"}
		w.looks(s, collectEvery)

		_, archiveErr := w.db.AddRoomMessages(t.Context(), []store.RoomMessage{m}) // at last
		w.must(archiveErr)
		behind = nil
		w.looks(s, 2*completeFor)
		w.has("of an archived message", waits, true)
		w.has("of a message that was never published", orphan, false)
	})
}

// TestClaimedAgain: a message that is sent again after a day may be published
// this time.
func TestClaimedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.server(func(o *Options) {
			o.Behind = func(context.Context, []string) ([]string, error) { return nil, nil }
		})
		f := w.upload(w.ann, "x")
		m := w.claim(f)
		w.pass(unarchivedAge - completeFor)
		w.looks(s, 2*completeFor-collectEvery)
		w.claimFor(&m, f)
		w.looks(s, completeFor/2)
		w.has("claimed again just now", f, true)
		w.pass(unarchivedAge - completeFor)
		w.looks(s, 2*completeFor)
		w.has("never published", f, false)
	})
}

func TestBytesGoAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- w.Run(ctx) }()
		f := w.upload(w.ann, "x")
		w.must(w.Cancel(ctx, f.ID, w.ann))
		poll.Until(t, "file and bytes are gone", func() bool {
			u, err := w.db.FileUsage(ctx)
			return err == nil && u.Files == 0
		})
		stop()
		w.must(<-ended)
		w.empty("after the removal")
	})
}

func TestCheck(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		a, b := w.upload(w.ann, "a"), w.upload(w.ann, "b")
		r, err := w.Check(ctx, false)
		w.must(err)
		same(t, "whole", r, Report{Files: 2, Bytes: 2})
		w.must(os.Remove(filepath.Join(w.dir, filepath.FromSlash(keyOf(a.ID, 0)))))
		w.must(w.blobs.Put(ctx, keyOf(uuid.NewString(), 320), strings.NewReader(""), 0))
		w.pass(2 * youngest)
		r, err = w.Check(ctx, false)
		w.must(err)
		same(t, "broken", r, Report{Files: 2, Bytes: 1, Orphans: 1, Missing: 1})
		r, err = w.Check(ctx, true)
		w.must(err)
		same(t, "repaired", r.Repaired, 2)
		r, err = w.Check(ctx, false)
		w.must(err)
		same(t, "whole again", r, Report{Files: 1, Bytes: 1})
		u, err := w.db.FileUsage(ctx)
		w.must(err)
		same(t, "usage", u, store.FileUsage{Bytes: 1, Files: 1})
		w.has("of a file with bytes", b, true)

		w.must(w.blobs.Delete(ctx, keyOf(b.ID, 0)))
		if _, err = w.Check(ctx, true); !errors.Is(err, errNoBytes) {
			t.Errorf("all bytes are missing: %v", err)
		}
		w.has("of what may be the wrong store", b, true)
	})
}

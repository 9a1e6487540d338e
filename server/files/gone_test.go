package files

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/store"
)

// TestNobodyTakesTheIDOfAnOldFile: the messages of old files of guests stay, and
// whoever reads their ids there must not put another file in their place.
func TestNobodyTakesTheIDOfAnOldFile(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		f := w.upload(Owner{}, "a picture")
		m := w.claim(f)
		_, err := w.db.AddRoomMessages(ctx, []store.RoomMessage{m})
		w.must(err)
		w.pass(w.GuestAge + time.Hour)
		w.must(w.Collect(ctx))
		w.has("old", f, false)
		w.empty("old") // its row counts for nothing
		take := func(o Owner) error {
			_, _, err := w.Store(ctx, Upload{ID: f.ID, Name: "x", Size: 4, Owner: o},
				strings.NewReader("evil"))
			return err
		}
		for range 3 {
			w.code("another's upload", take(w.ann), chat.CodeIDConflict)
			w.code("one's own upload", take(Owner{}), chat.CodeIDConflict)
			_, _, err := w.Begin(ctx, Upload{ID: f.ID, Name: "x", Size: 4, Owner: w.ann})
			w.code("a resumable upload", err, chat.CodeIDConflict)
			w.pass(takenAge + sweepEvery)
			w.must(w.Collect(ctx))
		}
		_, err = w.db.ExpireRooms(ctx, m.At.Add(2*time.Hour), time.Hour, 0)
		w.must(err)
		w.pass(takenAge + sweepEvery)
		w.must(w.Collect(ctx))
		_, err = w.db.AnyFile(ctx, f.ID)
		same(t, "after its message has gone", err != nil, true)
		w.must(w.db.RecountFiles(ctx))
		w.empty("counted again")
	})
}

// slowly is a reader that does something before its first byte.
type slowly struct {
	io.Reader
	once sync.Once
	do   func()
}

func (s *slowly) Read(p []byte) (int, error) {
	s.once.Do(s.do)
	return s.Reader.Read(p)
}

// slowBlobs does something before a file gets its key.
type slowBlobs struct {
	blob.Store
	key string
	do  func()
}

func (s *slowBlobs) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if key == s.key {
		s.do()
	}
	return s.Store.Put(ctx, key, r, size)
}

// slowStore does something before a file gets its row.
type slowStore struct {
	Store
	do func()
}

func (s slowStore) AddFile(ctx context.Context, f store.StoredFile, source, hash string) (
	store.StoredFile, bool, error) {
	s.do()
	return s.Store.AddFile(ctx, f, source, hash)
}

// TestDeletedFilesDoNotComeBack: a client has sent a file twice, since the first
// server was slow. By the time that goes on, the file is sent, deleted and gone.
func TestDeletedFilesDoNotComeBack(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		for _, at := range []string{"the body", "the bytes", "the row"} {
			u := Upload{ID: uuid.NewString(), Name: "a", Size: 5, Owner: w.ann}
			gone := func() {
				f, _, err := w.Store(ctx, u, strings.NewReader("hello"))
				w.must(err)
				w.claim(f)
				w.must(w.db.DeleteFile(ctx, f.ID))
				w.must(w.removeDeleted(ctx))
			}
			body := &slowly{Reader: strings.NewReader("hello"), do: func() {}}
			s := w.server(func(o *Options) {
				switch at {
				case "the body":
					body.do = gone
				case "the bytes":
					o.Blobs = &slowBlobs{w.blobs, keyOf(u.ID, 0), gone}
				case "the row":
					o.Store = slowStore{w.db, gone}
				}
			})
			_, _, err := s.Store(ctx, u, body)
			w.code("slow at "+at, err, chat.CodeIDConflict)
			w.empty("slow at " + at)
		}
	})
}

// TestSlowAttemptsAndTheCollector: a row without bytes must not be, and bytes
// without a row neither.
func TestSlowAttemptsAndTheCollector(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, u, begunAgain := t.Context(), Upload{Name: "a", Size: 5, Owner: w.ann}, false
		s := w.server(func(o *Options) {
			o.Store = slowStore{w.db, func() {
				w.pass(emptyAge + time.Minute)
				w.must(w.Collect(ctx))
				if begunAgain {
					_, _, err := w.Begin(ctx, u)
					w.must(err)
				}
			}}
		})
		for _, begunAgain = range []bool{false, true} {
			u.ID = uuid.NewString()
			_, _, err := s.Store(ctx, u, strings.NewReader("hello"))
			w.code("collected meanwhile", err, chat.CodeUnavailable)
			w.pass(emptyAge + time.Minute)
			w.must(w.Collect(ctx))
			w.empty("after the collector")
		}
	})
}

// TestCollectedFilesAreUploadedAgain: a page that was away for hours still has
// the file, and sends it again under its id.
func TestCollectedFilesAreUploadedAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		u := Upload{ID: uuid.NewString(), Name: "a", Size: 5, Owner: w.ann}
		again := func(o Owner) error {
			u := u
			u.Owner = o
			_, _, err := w.Store(ctx, u, strings.NewReader("hello"))
			return err
		}
		w.must(again(w.ann))
		w.pass(unclaimedAge + time.Minute)
		_, err := w.db.DeleteUnclaimed(ctx, w.Now().Add(-unclaimedAge), 1)
		w.must(err)
		w.code("before its bytes are gone", again(w.ann), chat.CodeUnavailable)
		w.must(w.removeDeleted(ctx))
		w.code("another's", again(Owner{Author: "@bob", User: 9}), chat.CodeIDConflict)
		w.must(again(w.ann))
		same(t, "keys", fmt.Sprint(w.keys()), fmt.Sprint([]string{keyOf(u.ID, 0)}))
		usage, err := w.db.FileUsage(ctx)
		w.must(err)
		same(t, "usage", usage, store.FileUsage{Bytes: 5, Files: 1})
	})
}

// TestOtherBytesLeaveAnUploadAlone: what a killed process has stored is found,
// even if somebody has tried the same id with other bytes.
func TestOtherBytesLeaveAnUploadAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		dies := w.server(func(o *Options) { o.Store = killed{w.db} })
		u := Upload{ID: uuid.NewString(), Name: "a", Size: 5, Owner: w.ann}
		if _, _, err := dies.Store(ctx, u, strings.NewReader("hello")); err == nil {
			t.Fatal("it was not killed")
		}
		_, _, err := w.Store(ctx, u, strings.NewReader("other"))
		w.code("other bytes", err, chat.CodeIDConflict)
		w.pass(25 * time.Hour)
		w.must(w.Collect(ctx))
		w.empty("after the collector")
	})
}

// TestFilesOfDeletedAccounts: their files in private chats are not those of
// whoever uploads without a name.
func TestFilesOfDeletedAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		bob, err := w.db.CreateUser(ctx, "bob", "~bob", "hash")
		w.must(err)
		of, _, err := w.db.CreateChat(ctx, uuid.NewString(), w.ann.User, bob.ID, time.Now())
		w.must(err)
		f := w.upload(w.ann, "hello")
		_, _, err = w.db.AddMessage(ctx, store.Message{ID: uuid.NewString(), Chat: of, Author: w.ann.User,
			Text: "x", At: time.Now(), Files: chat.UnknownFiles([]chat.FileRef{{ID: f.ID}})})
		w.must(err)
		w.must(w.db.DeleteUser(ctx, w.ann.User))
		_, err = w.Finish(ctx, f.ID, Owner{})
		w.code("finish", err, chat.CodeUnknownFile)
		_, _, err = w.Offset(ctx, f.ID, Owner{})
		w.code("offset", err, chat.CodeUnknownFile)
		_, _, err = w.Store(ctx, Upload{ID: f.ID, Name: "a", Size: 5}, strings.NewReader("hello"))
		w.code("upload", err, chat.CodeIDConflict)
		w.code("cancel", w.Cancel(ctx, f.ID, Owner{}), chat.CodeUnknownFile)
		_, err = w.Get(ctx, f.ID, bob.ID)
		w.must(err)
	})
}

package files

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestResume(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, other := t.Context(), w.server(nil)
		content := strings.Repeat("0123456789abcdef", 160_000) // 2.4 MiB
		size := int64(len(content))
		id, offset, err := w.Begin(ctx, Upload{ID: uuid.NewString(), Name: "a.bin", Size: size, Owner: w.ann})
		w.must(err)
		same(t, "offset", offset, 0)
		offset, err = w.Append(ctx, id, w.ann, 0, broken{strings.NewReader(content[:1<<20+100])})
		w.code("cut off", err, chat.CodeBadRequest)
		same(t, "offset after the cut", offset, 1<<20+100)
		for _, s := range []*Service{w.Service, other} {
			offset, of, err := s.Offset(ctx, id, w.ann)
			w.must(err)
			same(t, "offset", fmt.Sprint(offset, of), fmt.Sprint(1<<20+100, size))
			_, err = s.Append(ctx, id, w.ann, 7, strings.NewReader("x"))
			if err != error(ErrOffset) {
				t.Errorf("at another place: %v", err)
			}
			_, err = s.Finish(ctx, id, w.ann)
			if err != error(ErrIncomplete) {
				t.Errorf("incomplete: %v", err)
			}
			_, _, err = s.Offset(ctx, id, Owner{Author: "@bob", User: 8})
			w.code("another owner", err, chat.CodeUnknownFile)
		}
		offset, err = other.Append(ctx, id, w.ann, offset, strings.NewReader(content[offset:]))
		w.must(err)
		same(t, "offset at the end", offset, size)
		_, err = other.Append(ctx, id, w.ann, offset, strings.NewReader("x"))
		w.code("more", err, chat.CodeBadRequest)

		// Both servers finish it at once.
		var all sync.WaitGroup
		var got [4]Stored
		for i, s := range []*Service{w.Service, other, w.Service, other} {
			all.Go(func() {
				var err error
				if got[i], err = s.Finish(ctx, id, w.ann); err != nil {
					t.Errorf("finish: %v", err)
				}
			})
		}
		all.Wait()
		for _, f := range got {
			same(t, "file", fmt.Sprint(f), fmt.Sprint(got[0]))
		}
		have, _ := w.read(got[0], 0)
		same(t, "content", have == content, true)
		same(t, "keys", fmt.Sprint(w.keys()), fmt.Sprint([]string{keyOf(id, 0)}))
		again, offset, err := w.Begin(ctx, Upload{ID: id, Name: "a.bin", Size: size, Owner: w.ann})
		w.must(err)
		same(t, "begun again", fmt.Sprint(again, offset), fmt.Sprint(id, size))
		u, err := w.db.FileUsage(ctx)
		w.must(err)
		same(t, "usage", u, store.FileUsage{Bytes: size, Files: 1})
	})
}

// TestPiecesAtOnce: of two that send the same piece one counts, and the other is
// told that the upload has moved.
func TestPiecesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id, _, err := w.Begin(ctx, Upload{Name: "a.bin", Size: 10, Owner: w.ann})
		w.must(err)
		var all sync.WaitGroup
		var errs [6]error
		for i := range errs {
			all.Go(func() {
				_, errs[i] = w.server(nil).Append(ctx, id, w.ann, 0, strings.NewReader("01234"))
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			switch {
			case err == nil:
				won++
			case err != error(ErrOffset):
				t.Errorf("a piece at once: %v", err)
			}
		}
		same(t, "pieces that count", won, 1)
		same(t, "keys", len(w.keys()), 1)
		_, err = w.Append(ctx, id, w.ann, 5, strings.NewReader("56789"))
		w.must(err)
		f, err := w.Finish(ctx, id, w.ann)
		w.must(err)
		have, _ := w.read(f, 0)
		same(t, "content", have, "0123456789")
	})
}

// killed is a database that a process reaches no more at the end of an upload.
type killed struct{ Store }

func (killed) AddFile(context.Context, store.StoredFile, string, string) (store.StoredFile, bool, error) {
	return store.StoredFile{}, false, errors.New("killed")
}

func TestUploadsOfKilledProcesses(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		content := picturePNG(t, 400, 300)
		dies := w.server(func(o *Options) { o.Store = killed{w.db} })
		u := Upload{ID: uuid.NewString(), Name: "a.png", Size: int64(len(content)), Owner: w.ann}
		_, _, err := dies.Store(ctx, u, bytes.NewReader(content))
		if err == nil {
			t.Fatal("it was not killed")
		}
		_, _, err = w.Store(ctx, Upload{ID: u.ID, Name: "b", Size: 5, Owner: w.ann},
			strings.NewReader("other"))
		w.code("other bytes under its id", err, chat.CodeIDConflict)
		f, created, err := w.Store(ctx, u, bytes.NewReader(content))
		w.must(err)
		same(t, "created", created, true)
		have, _ := w.read(f, 0)
		same(t, "hash", sum(have), f.Hash)

		// Nobody sends the others again. One was killed before its pieces were
		// made a file, one after.
		u.ID = uuid.NewString()
		if _, _, err = dies.Store(ctx, u, bytes.NewReader(content)); err == nil {
			t.Fatal("it was not killed")
		}
		id, _, err := w.Begin(ctx, Upload{Name: "p", Size: 9, Owner: w.ann})
		w.must(err)
		_, err = w.Append(ctx, id, w.ann, 0, strings.NewReader("half"))
		w.must(err)
		w.must(w.blobs.Put(ctx, incomingKey(u.ID), strings.NewReader("x"), 1))
		w.must(w.blobs.Put(ctx, partKey(id, 4), strings.NewReader("x"), 1))
		w.pass(25 * time.Hour)
		w.must(w.Collect(ctx)) // the first file, too: no message has it
		w.empty("after the collector")
	})
}

// unsure is a database whose answers are lost: what it is told it does.
type unsure struct{ Store }

func (u unsure) AddUploadPart(ctx context.Context, id string, p store.UploadPart, now time.Time) error {
	if err := u.Store.AddUploadPart(ctx, id, p, now); err != nil {
		return err
	}
	return errors.New("connection reset")
}

// TestPiecesWhoseRecordIsUnsure: a piece that is recorded keeps its bytes, even if
// the database could not say so.
func TestPiecesWhoseRecordIsUnsure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		id, _, err := w.Begin(ctx, Upload{Name: "a", Size: 10, Owner: w.ann})
		w.must(err)
		s := w.server(func(o *Options) { o.Store = unsure{w.db} })
		if _, err := s.Append(ctx, id, w.ann, 0, strings.NewReader("01234")); err == nil {
			t.Fatal("the answer was not lost")
		}
		offset, _, err := w.Offset(ctx, id, w.ann)
		w.must(err)
		same(t, "offset", offset, 5)
		_, err = w.Append(ctx, id, w.ann, offset, strings.NewReader("56789"))
		w.must(err)
		f, err := w.Finish(ctx, id, w.ann)
		w.must(err)
		have, _ := w.read(f, 0)
		same(t, "content", have, "0123456789")
	})
}

// TestUploadsOfPicturesHaveTheirLength: what is kept of a picture is less than
// what was sent, and the client asks for that.
func TestUploadsOfPicturesHaveTheirLength(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		photo := withText(picturePNG(t, 40, 30), "taken at home")
		u := Upload{ID: uuid.NewString(), Name: "a.png", Size: int64(len(photo)), Owner: w.ann}
		_, _, err := w.Begin(ctx, u)
		w.must(err)
		_, err = w.Append(ctx, u.ID, w.ann, 0, bytes.NewReader(photo))
		w.must(err)
		f, err := w.Finish(ctx, u.ID, w.ann)
		w.must(err)
		if f.Size == u.Size {
			t.Fatal("nothing was left out of the picture")
		}
		offset, size, err := w.Offset(ctx, u.ID, w.ann)
		w.must(err)
		same(t, "offset and size", fmt.Sprint(offset, size), fmt.Sprint(u.Size, u.Size))
		_, offset, err = w.Begin(ctx, u)
		w.must(err)
		same(t, "begun again", offset, u.Size)
		u.Size = f.Size
		_, _, err = w.Begin(ctx, u)
		w.code("begun again with another size", err, chat.CodeIDConflict)
	})
}

// withText puts a text into a PNG, after its header.
func withText(png []byte, text string) []byte {
	const header = 8 + 25
	chunk := []byte("tEXtComment\x00" + text)
	var all []byte
	all = append(all, png[:header]...)
	all = binary.BigEndian.AppendUint32(all, uint32(len(chunk)-4))
	all = append(all, chunk...)
	all = binary.BigEndian.AppendUint32(all, crc32.ChecksumIEEE(chunk))
	return append(all, png[header:]...)
}

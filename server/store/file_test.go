package store_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// upload adds a file of so many bytes, as the end of an upload does.
func (w *world) upload(owner store.User, size int64) store.StoredFile {
	w.t.Helper()
	author := ""
	if owner.ID != 0 {
		author = chat.AccountAuthor(owner.Name)
	}
	return w.uploadAs(author, owner.ID, size)
}

func (w *world) uploadAs(author string, user, size int64) store.StoredFile {
	w.t.Helper()
	u := store.FileUpload{ID: id(), Owner: author, User: user, Name: "a.png", Size: size}
	_, err := w.BeginUpload(w.t.Context(), u, store.FileLimits{}, w.now())
	w.must(err)
	f := store.StoredFile{
		File: chat.File{ID: u.ID, Name: "a.png", Type: "image/png", Size: size, Width: 400, Height: 300,
			Previews: []int{320}},
		Kinds: []string{"image/jpeg"}, Owner: author, User: user, Hash: strings.Repeat("ab", 32),
		Stored: size + 1, Created: w.now(),
	}
	stored, created, err := w.AddFile(w.t.Context(), f, "", "")
	w.must(err)
	if !created || fmt.Sprint(stored) != fmt.Sprint(f) {
		w.t.Fatalf("AddFile = %v, %t, want %v", stored, created, f)
	}
	return stored
}

func refs(files ...store.StoredFile) (all []chat.FileRef) {
	for _, f := range files {
		all = append(all, chat.FileRef{ID: f.ID, Alt: "alt of " + f.ID[:4]})
	}
	return all
}

// ids lists what a message says of its files.
func ids(files []chat.File) (all []string) {
	for _, f := range files {
		all = append(all, f.ID+" "+f.Alt)
	}
	return all
}

func testClaims(t *testing.T, w *world) {
	ctx := t.Context()
	a, b := w.upload(w.ann, 10), w.upload(w.ann, 20)
	claim := chat.Claim{Room: "livechat", Message: id(), Author: "@ann", Files: refs(b, a)}
	files, err := w.ClaimFiles(ctx, claim, w.now())
	w.must(err)
	want := fmt.Sprint([]string{b.ID + " alt of " + b.ID[:4], a.ID + " alt of " + a.ID[:4]})
	same(t, "claimed", fmt.Sprint(ids(files)), want)
	same(t, "type", files[0].Type, "image/png")

	again := claim
	again.Files = []chat.FileRef{{ID: a.ID, Alt: "another"}, {ID: b.ID}}
	files, err = w.ClaimFiles(ctx, again, w.now())
	w.must(err)
	same(t, "claimed again", fmt.Sprint(ids(files)), want)

	c, other := w.upload(w.ann, 1), w.upload(w.bob, 1)
	for _, refused := range []struct {
		name  string
		claim chat.Claim
	}{
		{"another message", chat.Claim{Room: "livechat", Message: id(), Author: "@ann", Files: refs(a)}},
		{"another room", chat.Claim{Room: "other", Message: claim.Message,
			Author: "@ann", Files: refs(a, b)}},
		{"less", chat.Claim{Room: "livechat", Message: claim.Message, Author: "@ann", Files: refs(a)}},
		{"more", chat.Claim{Room: "livechat", Message: claim.Message, Author: "@ann", Files: refs(a, b, c)}},
		{"other files", chat.Claim{Room: "livechat", Message: claim.Message, Author: "@ann", Files: refs(c)}},
		{"another author", chat.Claim{Room: "livechat", Message: id(), Author: "@bob", Files: refs(c)}},
		{"no author", chat.Claim{Room: "livechat", Message: id(), Files: refs(c)}},
		{"one of another's", chat.Claim{Room: "livechat", Message: id(),
			Author: "@ann", Files: refs(c, other)}},
		{"twice", chat.Claim{Room: "livechat", Message: id(), Author: "@ann", Files: refs(c, c)}},
		{"unknown", chat.Claim{Room: "livechat", Message: id(),
			Author: "@ann", Files: []chat.FileRef{{ID: id()}}}},
		{"no id", chat.Claim{Room: "livechat", Message: id(),
			Author: "@ann", Files: []chat.FileRef{{ID: "x"}}}},
	} {
		_, err := w.ClaimFiles(ctx, refused.claim, w.now())
		wantErr(t, refused.name, err, store.ErrNoFile)
	}
	files, err = w.ClaimFiles(ctx, chat.Claim{Room: "r", Message: id(),
		Author: "@ann", Files: refs(c)}, w.now())
	w.must(err)
	same(t, "what was refused may be claimed", len(files), 1)

	nobodys := w.uploadAs("", 0, 5)
	guests := chat.Claim{Room: "r", Message: id(), Author: "g", Files: refs(nobodys)}
	files, err = w.ClaimFiles(ctx, guests, w.now())
	w.must(err)
	same(t, "a file of an unknown guest", len(files), 1)
	_, err = w.ClaimFiles(ctx, chat.Claim{Room: "r", Message: id(),
		Author: "", Files: refs(nobodys)}, w.now())
	wantErr(t, "once", err, store.ErrNoFile)
}

func testClaimsAtOnce(t *testing.T, w *world) {
	a, b := w.upload(w.ann, 10), w.upload(w.ann, 20)
	messages := [2]string{id(), id()}
	var won sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			c := chat.Claim{Room: "r", Message: messages[i%2], Author: "@ann", Files: refs(a, b)}
			if i%4 > 1 {
				slices.Reverse(c.Files)
			}
			if _, err := w.ClaimFiles(t.Context(), c, time.Now()); err == nil {
				won.Store(c.Message, true)
			} else {
				wantErr(t, "claim", err, store.ErrNoFile)
			}
		})
	}
	all.Wait()
	n := 0
	won.Range(func(any, any) bool { n++; return true })
	same(t, "messages that have the files", n, 1)
	for _, m := range messages {
		_, err := w.ClaimFiles(t.Context(), chat.Claim{Room: "r", Message: m,
			Author: "@ann", Files: refs(b, a)},
			time.Now())
		if _, ok := won.Load(m); ok != (err == nil) {
			t.Errorf("claimed again: %v, won %t", err, ok)
		}
	}
}

func testPrivateFiles(t *testing.T, w *world) {
	ctx := t.Context()
	m := w.say(w.ann, w.chat, "with files")
	a, b := w.upload(w.ann, 10), w.upload(w.ann, 20)
	files, err := w.AttachFiles(ctx, m, refs(b, a))
	w.must(err)
	same(t, "attached", fmt.Sprint(len(files), files[0].ID, files[1].ID), fmt.Sprint(2, b.ID, a.ID))
	for _, c := range []struct {
		user store.User
		ok   bool
	}{{w.ann, true}, {w.bob, true}, {w.eve, false}, {store.User{}, false}} {
		f, err := w.File(ctx, a.ID, c.user.ID)
		if c.ok {
			w.must(err)
			same(t, "chat", f.Chat, w.chat)
			continue
		}
		wantErr(t, "an outsider", err, store.ErrNoFile)
	}
	next := w.say(w.ann, w.chat, "next")
	for name, refused := range map[string][]chat.FileRef{
		"in another message": refs(a), "another's": refs(w.upload(w.bob, 1)),
		"a guest's": refs(w.uploadAs("", 0, 1)),
		"unknown":   {{ID: id()}},
	} {
		_, err := w.AttachFiles(ctx, next, refused)
		wantErr(t, name, err, store.ErrNoFile)
	}
	_, err = w.ClaimFiles(ctx, chat.Claim{Room: "r", Message: m.ID,
		Author: "@ann", Files: refs(a, b)}, w.now())
	wantErr(t, "a room", err, store.ErrNoFile)

	w.must(w.DeleteFilesOfChat(ctx, w.chat, m.ID))
	_, err = w.File(ctx, a.ID, w.ann.ID)
	wantErr(t, "deleted", err, store.ErrNoFile)
	select {
	case <-w.FilesDeleted():
	default:
		t.Error("nobody is woken to remove the bytes")
	}
}

func testDeletedFiles(t *testing.T, w *world) {
	ctx := t.Context()
	a := w.upload(w.ann, 10)
	m := id()
	_, err := w.ClaimFiles(ctx, chat.Claim{Room: "r", Message: m, Author: "@ann", Files: refs(a)}, w.now())
	w.must(err)
	for _, other := range [][3]string{
		{"other", m, "@ann"}, {"r", id(), "@ann"}, {"r", m, "@bob"}, {"r", m, ""},
	} {
		w.must(w.DeleteFilesOf(ctx, other[0], other[1], other[2]))
	}
	_, err = w.File(ctx, a.ID, 0)
	w.must(err)
	w.must(w.DeleteFilesOf(ctx, "r", m, "@ann"))
	_, err = w.File(ctx, a.ID, 0)
	wantErr(t, "deleted", err, store.ErrNoFile)
	_, err = w.ClaimFiles(ctx, chat.Claim{Room: "r", Message: m, Author: "@ann", Files: refs(a)}, w.now())
	wantErr(t, "claimed again", err, store.ErrNoFile)
	f, err := w.AnyFile(ctx, a.ID)
	w.must(err)
	same(t, "it has a row until its bytes are gone", f.Deleted, true)
}

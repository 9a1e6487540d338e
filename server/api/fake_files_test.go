package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/google/uuid"

	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/files"
)

// fakeFiles is a store of files in memory, with the rules that matter to the API.
type fakeFiles struct {
	most int64 // size of the largest file

	mu      sync.Mutex // guards everything below
	broken  error      // returned by every method if set
	files   map[string]*fakeFile
	uploads map[string]*fakeUpload
	gets    int
}

type fakeFile struct {
	files.Stored
	owner   files.Owner
	content []byte
	members []int64 // of the private chat; nil: of a room
}

type fakeUpload struct {
	files.Upload
	content []byte
}

func newFakeFiles() *fakeFiles {
	return &fakeFiles{most: 1 << 20, files: map[string]*fakeFile{}, uploads: map[string]*fakeUpload{}}
}

var _ Files = (*fakeFiles)(nil)

// addLocked adds a file.
func (f *fakeFiles) addLocked(id, name string, o files.Owner, content []byte) files.Stored {
	sum, mediaType := sha256.Sum256(content), "application/pdf"
	if bytes.HasPrefix(content, []byte("\x89PNG")) {
		mediaType = "image/png"
	}
	s := files.Stored{
		File:    chat.File{ID: id, Name: name, Type: mediaType, Size: int64(len(content))},
		Hash:    hex.EncodeToString(sum[:]),
		Created: startTime,
	}
	if mediaType == "image/png" {
		s.Previews = []int{320}
	}
	f.files[id] = &fakeFile{Stored: s, owner: o, content: content}
	return s
}

func (f *fakeFiles) Store(_ context.Context, u files.Upload, r io.Reader) (files.Stored, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old := f.files[u.ID]; old != nil { // not read
		return old.Stored, false, nil
	}
	content, err := io.ReadAll(io.LimitReader(r, f.most+1))
	switch {
	case f.broken != nil:
		return files.Stored{}, false, f.broken
	case err != nil:
		return files.Stored{}, false, fmt.Errorf("receive a file: %w", err)
	case int64(len(content)) > f.most:
		return files.Stored{}, false, chat.Errorf(chat.CodeTooLarge, "too large")
	}
	if u.ID == "" {
		u.ID = uuid.NewString()
	}
	return f.addLocked(u.ID, u.Name, u.Owner, content), true, nil
}

func (f *fakeFiles) Get(_ context.Context, id string, user int64) (files.Stored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gets++
	file := f.files[id]
	switch {
	case f.broken != nil:
		return files.Stored{}, f.broken
	case file == nil || file.members != nil && !slices.Contains(file.members, user):
		return files.Stored{}, chat.Errorf(chat.CodeUnknownFile, "unknown")
	}
	file.Private = file.members != nil
	return file.Stored, nil
}

type fakeObject struct{ *bytes.Reader }

func (fakeObject) Close() error { return nil }

func (f *fakeFiles) Open(_ context.Context, s files.Stored, size int) (blob.Object, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return nil, "", f.broken
	}
	if size != 0 {
		return fakeObject{bytes.NewReader(fmt.Appendf(nil, "preview %d", size))}, "image/jpeg", nil
	}
	return fakeObject{bytes.NewReader(f.files[s.ID].content)}, s.Type, nil
}

func (f *fakeFiles) Cancel(_ context.Context, id string, o files.Owner) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	if file := f.files[id]; file != nil && (file.owner.Author == "" || file.owner.Author == o.Author) {
		delete(f.files, id)
		return nil
	}
	if _, err := f.uploadLocked(id, o); err != nil {
		return err
	}
	delete(f.uploads, id)
	return nil
}

func (f *fakeFiles) Begin(_ context.Context, u files.Upload) (string, int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return "", 0, f.broken
	}
	if old := f.uploads[u.ID]; old != nil {
		return u.ID, int64(len(old.content)), nil
	}
	if u.ID == "" {
		u.ID = uuid.NewString()
	}
	f.uploads[u.ID] = &fakeUpload{Upload: u}
	return u.ID, 0, nil
}

func (f *fakeFiles) uploadLocked(id string, o files.Owner) (*fakeUpload, error) {
	u := f.uploads[id]
	switch {
	case f.broken != nil:
		return nil, f.broken
	case u == nil || u.Owner.Author != o.Author:
		return nil, chat.Errorf(chat.CodeUnknownFile, "unknown")
	}
	return u, nil
}

func (f *fakeFiles) Offset(_ context.Context, id string, o files.Owner) (offset, size int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u, err := f.uploadLocked(id, o)
	if err != nil {
		return 0, 0, err
	}
	return int64(len(u.content)), u.Size, nil
}

func (f *fakeFiles) Append(_ context.Context, id string, o files.Owner, _ int64, r io.Reader) (int64, error) {
	content, err := io.ReadAll(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	u, unknown := f.uploadLocked(id, o)
	if unknown != nil {
		return 0, unknown
	}
	u.content = append(u.content, content...) // as much as came
	return int64(len(u.content)), err
}

func (f *fakeFiles) Finish(_ context.Context, id string, o files.Owner) (files.Stored, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u, err := f.uploadLocked(id, o)
	if err != nil {
		return files.Stored{}, err
	}
	if file := f.files[id]; file != nil {
		return file.Stored, nil
	}
	return f.addLocked(id, u.Name, o, u.content), nil
}

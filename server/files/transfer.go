package files

import (
	"context"
	"errors"
	"io"

	"livechat/server/blob"
	"livechat/server/store"
)

// Transfer gives an export the bytes of files, and takes those of an import.
type Transfer struct{ Blobs blob.Store }

var _ store.FileBytes = Transfer{}

// ReadFile implements store.FileBytes.
func (t Transfer) ReadFile(ctx context.Context, id string, size int) (io.ReadCloser, error) {
	object, err := t.Blobs.Open(ctx, keyOf(id, size))
	if errors.Is(err, blob.ErrNotFound) {
		return nil, store.ErrNoFile
	}
	return object, err
}

// WriteFile implements store.FileBytes.
func (t Transfer) WriteFile(ctx context.Context, id string, size int, r io.Reader) error {
	return t.Blobs.Put(ctx, keyOf(id, size), r, -1)
}

// DropFile implements store.FileBytes.
func (t Transfer) DropFile(ctx context.Context, id string, size int) error {
	return t.Blobs.Delete(ctx, keyOf(id, size))
}

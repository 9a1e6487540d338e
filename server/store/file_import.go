package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

const importFile = `INSERT INTO files (id, owner, user_id, name, type, size, hash, width, height, previews,
	stored, alt, created, room, chat, message, place, claimed, archived, epoch, seq)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`

// importedFile is the file whose bytes are being read.
type importedFile struct {
	exportFile
	left   []int      // what has to come: 0 for the original, and previews
	stored int64      // bytes of what has come
	part   *partBytes // what is being written; nil: nothing
}

// partBytes is a part of a file on its way to FileBytes.
type partBytes struct {
	size int
	n    int64
	sum  hash.Hash
	w    *io.PipeWriter
	done chan struct{} // closed when WriteFile has returned
	err  error         // of WriteFile, once done is closed
}

func (im *importer) newFile(f exportFile) error {
	sizes, kinds := parsePreviews(f.Previews)
	hexHash, err := hex.DecodeString(f.Hash)
	switch {
	case !isID(f.ID) || f.Chat != "" && !isID(f.Chat):
		return errBadID
	case hasZero(f.Owner, f.Name, f.Media, f.Alt, f.Room, f.Message, f.Epoch, f.Previews):
		return errZero
	case err != nil || len(hexHash) != sha256.Size || f.Size < 1 || f.Stored < f.Size ||
		f.Width < 0 || f.Height < 0 || formatPreviews(sizes, kinds) != f.Previews || slices.Contains(sizes, 0):
		return errors.New("size, hash or previews are wrong")
	case f.Message == "" || (f.Room == "") == (f.Chat == "") || f.Claimed <= 0:
		return errors.New("no message has the file")
	}
	chatID := any(f.Chat)
	if f.Chat == "" {
		chatID = nil
	}
	if _, err := im.insert(importFile, f.ID, f.Owner, f.User, f.Name, f.Media, f.Size, f.Hash, f.Width, f.Height,
		f.Previews, f.Stored, f.Alt, f.Created, f.Room, chatID, f.Message, f.Place, f.Claimed, f.Archived,
		f.Epoch, f.Seq); err != nil {
		return err
	}
	im.file = &importedFile{exportFile: f, left: f.sizes()}
	return nil
}

func (im *importer) piece(p exportPiece) error {
	f := im.file
	if f == nil || f.ID != p.File {
		return errors.New("the line above is not of this file")
	}
	im.counts.pieces++
	if im.bytes == nil {
		return nil
	}
	if p.Offset == 0 && (f.part == nil || f.part.size != p.Size) {
		if err := im.endPart(); err != nil {
			return err
		}
		if len(f.left) == 0 || f.left[0] != p.Size {
			return errors.New("bytes are in the wrong order")
		}
		im.beginPart(p.Size)
	}
	part := f.part
	if part == nil || part.size != p.Size || part.n != p.Offset || len(p.Data) > pieceSize {
		return errors.New("bytes are in the wrong order")
	}
	part.sum.Write(p.Data)
	part.n += int64(len(p.Data))
	if _, err := part.w.Write(p.Data); err != nil {
		return fmt.Errorf("store the bytes of a file: %w", err)
	}
	return nil
}

// beginPart begins to store a part of a file. endPart waits for the goroutine.
func (im *importer) beginPart(size int) {
	f := im.file
	r, w := io.Pipe()
	f.part = &partBytes{size: size, sum: sha256.New(), w: w, done: make(chan struct{})}
	f.left = f.left[1:]
	im.written = append(im.written, writtenPart{f.ID, size})
	part, id := f.part, f.ID
	go func() {
		defer close(part.done)
		part.err = im.bytes.WriteFile(im.ctx, id, size, r)
		r.CloseWithError(cmp.Or(part.err, io.ErrClosedPipe))
	}()
}

// endPart waits until a part of a file is stored, and compares it with the row.
func (im *importer) endPart() error {
	f := im.file
	if f == nil || f.part == nil {
		return nil
	}
	part := f.part
	f.part = nil
	_ = part.w.Close() // never fails
	<-part.done
	if part.err != nil {
		return fmt.Errorf("store the bytes of a file: %w", part.err)
	}
	f.stored += part.n
	if part.size == 0 && (part.n != f.Size || hex.EncodeToString(part.sum.Sum(nil)) != f.Hash) {
		return errors.New("the bytes of the file are not those of its size and hash")
	}
	return nil
}

// endFile checks that a file has all of its bytes, if it has any.
func (im *importer) endFile() error {
	if err := im.endPart(); err != nil || im.file == nil {
		return err
	}
	f := im.file
	im.file = nil
	switch {
	case f.stored == 0 && len(f.left) == len(f.sizes()):
		im.counts.WithoutBytes++
	case len(f.left) > 0 || f.stored != f.Stored:
		return errors.New("bytes of the previous file are missing")
	}
	return nil
}

// writtenPart is a part of a file that an import has begun to store.
type writtenPart struct {
	id   string
	size int
}

// dropFiles removes what an import that failed has stored, and ends what it was
// storing.
func (im *importer) dropFiles(reason error) {
	if im.file != nil && im.file.part != nil {
		im.file.part.w.CloseWithError(reason)
		<-im.file.part.done
	}
	for _, part := range im.written {
		// Bytes that cannot be removed have no row: a check of the files finds
		// them.
		_ = im.bytes.DropFile(context.WithoutCancel(im.ctx), part.id, part.size)
	}
}

// messageFiles returns what a private message says of its files as its row has
// it; it must be as it is exported.
func messageFiles(files jsontext.Value) (string, error) {
	text := filesJSON(parseFiles(string(files)))
	if text != string(files) {
		return "", errors.New("files are not those of a message")
	}
	return text, nil
}

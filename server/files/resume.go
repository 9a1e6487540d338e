package files

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"livechat/server/blob"
	"livechat/server/store"
)

const (
	// pieceSize is how many bytes of an upload are kept at a time: what is lost
	// if the process is killed, and what it has in memory.
	pieceSize = 1 << 20
	// maxPieces bounds the small pieces of one upload, which a connection that
	// often breaks makes.
	maxPieces = 4096
	// pieceTimeout bounds storing a piece after the client has gone.
	pieceTimeout = 20 * time.Second
)

// Begin begins a resumable upload, or continues the one that has its ID: offset
// is how many bytes are there. Codes: as for Store.
func (s *Service) Begin(ctx context.Context, u Upload) (id string, offset int64, err error) {
	defer func() { err = s.refused(err) }()
	if u.Size < 0 {
		return "", 0, errNoSize
	}
	up, file, err := s.begin(ctx, u)
	if err != nil {
		return "", 0, err
	}
	if file != nil {
		if sent(*file) != u.Size {
			return "", 0, errConflict
		}
		return file.ID, u.Size, nil
	}
	return up.ID, up.Received, nil
}

// Offset returns how many bytes of an owner's upload are there, and of how many.
// An upload that has become a file is all there. Codes: unknown_file.
func (s *Service) Offset(ctx context.Context, id string, o Owner) (offset, size int64, err error) {
	up, err := s.uploadOf(ctx, id, o)
	if errors.Is(err, store.ErrNoFile) {
		f, err := s.fileOf(ctx, id, o)
		if err != nil {
			return 0, 0, errOr(err)
		}
		return sent(f), sent(f), nil
	}
	if err != nil {
		return 0, 0, err
	}
	return up.Received, up.Size, nil
}

// sent returns how many bytes the upload of a file had.
func sent(f store.StoredFile) int64 { return cmp.Or(f.Sent, f.Size) }

// errOr hides whose a file is that is not the owner's.
func errOr(err error) error {
	if errors.Is(err, store.ErrNoFile) || errors.Is(err, errConflict) {
		return errUnknown
	}
	return err
}

// uploadOf returns an owner's upload; ErrNoFile if there is none. Codes:
// unknown_file for another owner's.
func (s *Service) uploadOf(ctx context.Context, id string, o Owner) (store.FileUpload, error) {
	up, err := s.Options.Store.Upload(ctx, id)
	if err == nil && up.Owner != o.Author {
		return store.FileUpload{}, errUnknown
	}
	return up, err
}

// Append adds what r has to an owner's upload, from offset on, and returns where
// the upload is then. What has come is kept, also if there is an error, or the
// process ends. Codes: unknown_file; too_large, bad_request for more than was
// announced; id_conflict, as ErrOffset, if the upload is at another place, or
// another request moves it on.
func (s *Service) Append(ctx context.Context, id string, o Owner, offset int64, r io.Reader) (int64, error) {
	up, err := s.uploadOf(ctx, id, o)
	switch {
	case errors.Is(err, store.ErrNoFile):
		if _, err := s.fileOf(ctx, id, o); err == nil {
			return offset, ErrOffset // it is complete
		}
		return offset, errUnknown
	case err != nil:
		return offset, err
	case up.Received != offset || up.Size < 0:
		return offset, ErrOffset
	}
	var piece bytes.Buffer // grows with what comes
	for pieces := up.Parts; ; pieces++ {
		piece.Reset()
		n, err := io.CopyN(&piece, r, min(pieceSize, max(1, up.Size-offset)))
		if n > up.Size-offset {
			return offset, errMoreBytes
		}
		if n > 0 {
			if pieces >= maxPieces+up.Size/pieceSize {
				return offset, errPieces
			}
			if err := s.addPiece(ctx, id, offset, piece.Bytes()); err != nil {
				return offset, err
			}
			offset += n
		}
		switch {
		case err == io.EOF:
			return offset, nil
		case err != nil && ctx.Err() != nil:
			return offset, fmt.Errorf("receive a file: %w", ctx.Err())
		case err != nil:
			s.Logger.DebugContext(ctx, "files: an upload was cut off", "error", err)
			return offset, errCutOff
		}
	}
}

// addPiece stores a piece under a key of its own, and then records it, unless
// the upload is at another place by now.
func (s *Service) addPiece(ctx context.Context, id string, offset int64, piece []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pieceTimeout)
	defer cancel()
	key := partKey(id, offset)
	if err := s.Blobs.Put(ctx, key, bytes.NewReader(piece), int64(len(piece))); err != nil {
		return s.away(ctx, err)
	}
	part := store.UploadPart{First: offset, Size: int64(len(piece)), Key: key}
	err := s.Options.Store.AddUploadPart(ctx, id, part, s.Now())
	if errors.Is(err, store.ErrConflict) {
		s.tidy(ctx, key)
		return ErrOffset
	}
	return err // the piece may be recorded all the same, and needs its bytes then
}

// Finish makes a file of an owner's upload whose bytes are all there. Again it
// returns the same file, and does what a process that was killed has left. Codes:
// unknown_file, as ErrIncomplete if bytes are missing; else as for Store.
func (s *Service) Finish(ctx context.Context, id string, o Owner) (stored Stored, err error) {
	up, err := s.uploadOf(ctx, id, o)
	switch {
	case errors.Is(err, store.ErrNoFile):
		f, err := s.fileOf(ctx, id, o)
		if err != nil {
			return Stored{}, errOr(err)
		}
		return storedOf(f), nil
	case err != nil:
		return Stored{}, err
	case up.Size < 0 || up.Received < up.Size:
		return Stored{}, ErrIncomplete
	}
	defer func() { err = s.refused(err) }()
	pieces, err := s.Options.Store.UploadParts(ctx, id)
	if err != nil {
		return Stored{}, err
	}
	all := &joined{ctx: ctx, blobs: s.Blobs, parts: pieces}
	defer all.close()
	key := incomingKey(id)
	got, err := s.receive(ctx, key, all, up)
	if all.err != nil { // not the client's fault
		err = s.away(ctx, all.err)
	}
	if err != nil {
		s.tidy(ctx, key)
		stored, _, err = s.finished(ctx, up, err)
		return stored, err
	}
	stored, _, err = s.make(ctx, up, key, got)
	s.tidy(ctx, key)
	if err != nil && final(err) {
		s.drop(ctx, id, got.hash)
	}
	if err == nil || final(err) {
		s.removeParts(ctx, pieces)
	}
	return stored, err
}

func (s *Service) removeParts(ctx context.Context, pieces []store.UploadPart) {
	keys := make([]string, len(pieces))
	for i, p := range pieces {
		keys[i] = p.Key
	}
	s.tidy(ctx, keys...)
}

// cancelTries is how often Cancel looks again at an upload that goes on meanwhile.
const cancelTries = 5

// Cancel forgets an owner's upload, or deletes a file of the owner that no
// message has. Codes: unknown_file; id_conflict, as ErrOffset, if another request
// moves the upload on all the time.
func (s *Service) Cancel(ctx context.Context, id string, o Owner) error {
	for range cancelTries {
		up, err := s.uploadOf(ctx, id, o)
		if errors.Is(err, store.ErrNoFile) {
			return translate(s.Options.Store.DeleteOwnFile(ctx, id, o.Author))
		}
		if err != nil {
			return err
		}
		pieces, err := s.Options.Store.UploadParts(ctx, up.ID)
		if err != nil {
			return err
		}
		if ok, err := s.Options.Store.AbandonUpload(ctx, up, s.Now()); err != nil {
			return err
		} else if ok {
			s.removeParts(ctx, pieces)
			return nil
		}
	}
	return ErrOffset
}

// joined reads the pieces of an upload one after another.
type joined struct {
	ctx   context.Context
	blobs blob.Store
	parts []store.UploadPart
	open  blob.Object // of the first of parts; nil: not open
	err   error       // of the blob store
}

// Read implements io.Reader.
func (j *joined) Read(p []byte) (int, error) {
	for len(j.parts) > 0 {
		if j.open == nil {
			if j.open, j.err = j.blobs.Open(j.ctx, j.parts[0].Key); j.err != nil {
				j.open = nil
				return 0, j.err
			}
		}
		n, err := j.open.Read(p)
		if err == io.EOF {
			j.close()
			j.parts, err = j.parts[1:], nil
		}
		if n > 0 || err != nil {
			j.err = err
			return n, err
		}
	}
	return 0, io.EOF
}

func (j *joined) close() {
	if j.open != nil {
		_ = j.open.Close() // it was only read
		j.open = nil
	}
}

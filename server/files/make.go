package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/picture"
	"livechat/server/store"
)

// received is what came, under a key of incoming/.
type received struct {
	size int64
	hash string
}

// reserveStep is how many bytes of a file of unknown size may come before there is
// room for them: many such files at once take no more than that above a limit.
const reserveStep = 4 << 20

// meter passes on what a client sends, up to a limit, and hashes it. It tells
// errors of the client from those of the blob store.
type meter struct {
	r        io.Reader
	max      int64 // more than that is over
	over     error
	reserve  func(n int64) error // makes room for n bytes; nil: there is
	reserved int64
	n        int64
	sum      hash.Hash
	clients  error // what r failed with, or over; not io.EOF
	full     error // of reserve
}

// Read implements io.Reader.
func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if m.n += int64(n); m.n > m.max {
		m.clients = m.over
		return 0, m.over
	}
	if m.reserve != nil && m.n >= m.reserved+reserveStep {
		if m.full = m.reserve(m.n); m.full != nil {
			return 0, m.full
		}
		m.reserved = m.n
	}
	m.sum.Write(p[:n])
	if err != nil && err != io.EOF {
		m.clients = err
	}
	return n, err
}

// receive stores what a client sends of an upload under a key, at most MaxFile
// bytes, and never all of it in memory.
func (s *Service) receive(ctx context.Context, key string, r io.Reader, up store.FileUpload) (
	received, error) {
	size := up.Size
	m := &meter{r: r, max: s.MaxFile, over: tooLarge(s.MaxFile), sum: sha256.New()}
	switch {
	case size < 0:
		m.reserve = func(n int64) error { return s.reserve(ctx, up.ID, n) }
	case size < m.max:
		m.max, m.over = size, errMoreBytes
	}
	err := s.Blobs.Put(ctx, key, m, size)
	switch known, isKnown := errors.AsType[*chat.Error](m.clients); {
	case m.full != nil:
		return received{}, m.full
	case isKnown:
		return received{}, known
	case m.clients != nil && ctx.Err() != nil:
		return received{}, fmt.Errorf("receive a file: %w", ctx.Err())
	case m.clients != nil:
		s.Logger.DebugContext(ctx, "files: an upload was cut off", "error", m.clients)
		return received{}, errCutOff
	case m.n < size && (err == nil || errors.Is(err, blob.ErrSize)):
		return received{}, errFewerBytes
	case err != nil:
		return received{}, s.away(ctx, err)
	case m.n == 0:
		return received{}, errEmpty
	}
	return received{m.n, hex.EncodeToString(m.sum.Sum(nil))}, nil
}

// reserve makes room for n bytes of an upload.
func (s *Service) reserve(ctx context.Context, id string, n int64) error {
	err := s.Options.Store.ReserveUpload(ctx, id, n, s.Limits, s.Now())
	if errors.Is(err, store.ErrNoFile) { // another attempt has failed: seal begins it again
		return nil
	}
	return err
}

// make makes a file of what was received under a key: cleans it, makes its
// previews, and adds the row last.
func (s *Service) make(ctx context.Context, up store.FileUpload, key string, got received) (
	stored Stored, created bool, err error) {
	if err := s.seal(ctx, up, got); err != nil {
		return s.finished(ctx, up, err)
	}
	f := store.StoredFile{
		File:  chat.File{ID: up.ID, Name: up.Name},
		Owner: up.Owner, User: up.User, Created: s.Now(),
	}
	err = s.process(ctx, key, &f)
	if errors.Is(err, picture.ErrBadPicture) {
		// The original may be stored already, if a preview failed.
		s.tidy(ctx, keysOf(up.ID)...)
		err = &chat.Error{Code: chat.CodeBadImage, Message: err.Error()}
	}
	if err != nil {
		return s.finished(ctx, up, err)
	}
	if got.size != f.Size { // less is kept of a picture
		f.Sent = got.size
	}
	return s.add(ctx, up, f, got.hash)
}

// add adds the row of a file whose bytes are stored.
func (s *Service) add(ctx context.Context, up store.FileUpload, f store.StoredFile, hash string) (
	stored Stored, created bool, err error) {
	added, created, err := s.Options.Store.AddFile(ctx, f, up.Source, hash)
	switch {
	case errors.Is(err, store.ErrNoFile):
		return Stored{}, false, errAgain
	case err != nil:
		return Stored{}, false, err
	case !added.Deleted:
		return storedOf(added), created, nil
	}
	// It was made and deleted meanwhile, and its bytes may have been removed before
	// this attempt stored them again.
	s.tidy(ctx, keysOf(up.ID)...)
	if added.Message == "" {
		return Stored{}, false, errAgain
	}
	return Stored{}, false, errConflict
}

// finished returns the file if another attempt has made it meanwhile, and the
// error of this one otherwise.
func (s *Service) finished(ctx context.Context, up store.FileUpload, err error) (Stored, bool, error) {
	if f, fileErr := s.fileOf(ctx, up.ID, Owner{Author: up.Owner, User: up.User}); fileErr == nil {
		return storedOf(f), false, nil
	}
	return Stored{}, false, err
}

// seal records what was received. If another attempt, or the collector, has
// forgotten the upload meanwhile, it is begun again.
func (s *Service) seal(ctx context.Context, up store.FileUpload, got received) error {
	err := s.Options.Store.SealUpload(ctx, up.ID, got.hash, got.size, s.Limits, s.Now())
	if !errors.Is(err, store.ErrNoFile) {
		return err
	}
	up.Size = got.size
	if _, err := s.Options.Store.BeginUpload(ctx, up, s.Limits, s.Now()); err != nil {
		return err
	}
	return s.Options.Store.SealUpload(ctx, up.ID, got.hash, got.size, s.Limits, s.Now())
}

// process stores what is served of a file, and fills in what is known then.
func (s *Service) process(ctx context.Context, key string, f *store.StoredFile) error {
	object, err := s.Blobs.Open(ctx, key)
	if err != nil {
		return s.away(ctx, err)
	}
	defer object.Close()
	mediaType, err := picture.Sniff(object)
	if err != nil {
		return s.away(ctx, err)
	}
	var result picture.Result
	f.Size, f.Hash, err = s.put(ctx, keyOf(f.ID, 0), func(w io.Writer) (err error) {
		result, err = s.Pictures.Clean(ctx, object, mediaType, w)
		return err
	})
	if err != nil {
		return err
	}
	f.Type, f.Width, f.Height, f.Stored = result.Type, result.Width, result.Height, f.Size
	if !picture.IsPicture(mediaType) {
		return nil
	}
	return s.makePreviews(ctx, object, mediaType, f)
}

// makePreviews makes them from the largest to the smallest, each of the one
// before: that costs less.
func (s *Service) makePreviews(ctx context.Context, from blob.Object, mediaType string,
	f *store.StoredFile) error {
	for _, longer := range slices.Backward(Previews) {
		var kind string
		size, _, err := s.put(ctx, keyOf(f.ID, longer), func(w io.Writer) (err error) {
			kind, err = s.Pictures.Preview(ctx, from, mediaType, longer, w)
			return err
		})
		if errors.Is(err, picture.ErrNoPreview) {
			continue
		}
		if err != nil {
			return err
		}
		f.Previews, f.Kinds = append(f.Previews, longer), append(f.Kinds, kind)
		f.Stored += size
		larger, err := s.Blobs.Open(ctx, keyOf(f.ID, longer))
		if err != nil {
			return s.away(ctx, err)
		}
		defer larger.Close() // two at most
		from, mediaType = larger, kind
	}
	slices.Reverse(f.Previews)
	slices.Reverse(f.Kinds)
	return nil
}

// errAbandoned is what a writer gets once the blob store reads no more.
var errAbandoned = errors.New("the file store has stopped reading")

// put stores what write writes under a key, and returns its size and SHA-256. The
// error is one of a picture, or means that the file store is away. The key is
// then as before.
func (s *Service) put(ctx context.Context, key string, write func(io.Writer) error) (
	size int64, sum string, err error) {
	pr, pw := io.Pipe()
	m := &meter{max: 1 << 62, sum: sha256.New()}
	written := make(chan error, 1)
	go func() { // this function waits for it
		err := write(&counted{pw, m})
		pw.CloseWithError(err) // the reader gets err, or the end
		written <- err
	}()
	err = s.Blobs.Put(ctx, key, pr, -1)
	pr.CloseWithError(errAbandoned)
	switch wrote := <-written; {
	case errors.Is(wrote, picture.ErrBadPicture), errors.Is(wrote, picture.ErrNoPreview):
		return 0, "", wrote
	case wrote != nil && !errors.Is(wrote, errAbandoned):
		err = wrote // what it reads comes from the file store, too
	}
	if err != nil {
		return 0, "", s.away(ctx, err)
	}
	return m.n, hex.EncodeToString(m.sum.Sum(nil)), nil
}

// counted writes to w and counts and hashes what it has written.
type counted struct {
	w io.Writer
	m *meter
}

// Write implements io.Writer.
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.m.n += int64(n)
	c.m.sum.Write(p[:n])
	return n, err
}

// keysOf returns all keys that a file may have.
func keysOf(id string) []string {
	keys := []string{keyOf(id, 0)}
	for _, size := range Previews {
		keys = append(keys, keyOf(id, size))
	}
	return keys
}

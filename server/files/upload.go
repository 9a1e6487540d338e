package files

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/picture"
	"livechat/server/store"
)

// tidyTimeout bounds what is removed after a request has ended.
const tidyTimeout = 10 * time.Second

// Store receives a file in one request. The same ID of the same owner again has
// the same answer, and created is false; r is then not read. The file is not
// stored after an error, but the client may send it again under its ID. Codes:
// too_large, bad_image, quota, id_conflict, bad_request, forbidden, unavailable.
func (s *Service) Store(ctx context.Context, u Upload, r io.Reader) (stored Stored, created bool, err error) {
	defer func() { err = s.refused(err) }()
	up, file, err := s.begin(ctx, u)
	if err != nil || file != nil {
		return storedOr(file), false, err
	}
	key := incomingKey(up.ID)
	got, err := s.receive(ctx, key, r, up)
	if err != nil {
		s.tidy(ctx, key)
		s.drop(ctx, up.ID, "")
		return Stored{}, false, err
	}
	stored, created, err = s.make(ctx, up, key, got)
	// An upload that failed for a moment may be sent again under its id. Its
	// row may even be there, if the answer of the database was lost.
	s.tidy(ctx, key)
	if err != nil && final(err) {
		s.drop(ctx, up.ID, got.hash)
	}
	return stored, created, err
}

// storedOr returns a file; zero if there is none.
func storedOr(f *store.StoredFile) Stored {
	if f == nil {
		return Stored{}
	}
	return storedOf(*f)
}

// final reports whether an upload would fail in the same way if it came again.
func final(err error) bool {
	if errors.Is(err, picture.ErrBadPicture) {
		return true
	}
	if _, full := errors.AsType[*store.QuotaError](err); full {
		return true
	}
	e, ok := errors.AsType[*chat.Error](err)
	return ok && !e.Retryable
}

// begin checks an upload, reserves room for it and records it. If its id is that
// of a file of the same owner, it returns that.
func (s *Service) begin(ctx context.Context, u Upload) (
	up store.FileUpload, file *store.StoredFile, err error) {
	switch {
	case s.MaxFile <= 0:
		return up, nil, errNoFiles
	case s.NoGuests && u.Owner.User == 0:
		return up, nil, errNoGuests
	case u.Size > s.MaxFile:
		return up, nil, tooLarge(s.MaxFile)
	case u.Size == 0:
		return up, nil, errEmpty
	case u.ID == "":
		u.ID = uuid.NewString()
	}
	id, ok := chat.ParseUUID(u.ID)
	if !ok {
		return up, nil, errBadID
	}
	switch f, err := s.fileOf(ctx, id, u.Owner); {
	case err == nil:
		return up, &f, nil
	case errors.Is(err, errConflict) && mayAgain(f, u.Owner):
		if !f.Gone {
			return up, nil, errAgain
		}
	case !errors.Is(err, store.ErrNoFile):
		return up, nil, err
	}
	up = store.FileUpload{ID: id, Owner: u.Owner.Author, User: u.Owner.User, Name: chat.CleanFileName(u.Name),
		Size: max(-1, u.Size)}
	if up.User == 0 {
		if up.Source, err = s.source(ctx, u.Owner.Addr); err != nil {
			return up, nil, err
		}
	}
	begun, err := s.Options.Store.BeginUpload(ctx, up, s.Limits, s.Now())
	if err == nil && up.Size >= 0 && begun.Size >= 0 && begun.Size != up.Size {
		err = errConflict
	}
	if begun.Size < 0 {
		begun.Size = up.Size
	}
	return begun, nil, err
}

// fileOf returns an owner's file. Codes: id_conflict for another owner's, and
// for one that was deleted, which it returns all the same. When an account is
// deleted its files in private chats have no author any more: they are nobody's,
// and not those of whoever has no author.
func (s *Service) fileOf(ctx context.Context, id string, o Owner) (store.StoredFile, error) {
	f, err := s.Options.Store.AnyFile(ctx, id)
	if err == nil && (f.Owner != o.Author || f.User != 0 && f.User != o.User || f.Deleted) {
		err = errConflict
	}
	return f, err
}

// mayAgain reports whether an owner may upload a deleted file again under its id.
func mayAgain(f store.StoredFile, o Owner) bool {
	return f.Deleted && f.Message == "" && f.Owner == o.Author
}

// source returns the name under which uploads from a guest's address are counted
// today. It does not tell the address. In IPv6 a network of 64 bits is one
// address, since every home has one.
func (s *Service) source(ctx context.Context, addr string) (string, error) {
	if parsed, err := netip.ParseAddr(addr); err == nil {
		if parsed = parsed.Unmap().WithZone(""); parsed.Is6() {
			network, _ := parsed.Prefix(64) // never fails for 64 bits
			parsed = network.Addr()
		}
		addr = parsed.String()
	}
	now := s.Now().UTC()
	s.mu.Lock()
	day, key := s.day, s.key
	s.mu.Unlock()
	if day != now.Format(time.DateOnly) {
		var err error
		if day, key, err = s.Options.Store.FileKey(ctx, now); err != nil {
			return "", err
		}
		s.mu.Lock()
		s.day, s.key = day, key
		s.mu.Unlock()
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(addr))
	return store.DaySource(day, base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:12])), nil
}

// tidy removes what an attempt has stored under some keys. It does so also after
// the request has ended. What it fails to remove the collector finds.
func (s *Service) tidy(ctx context.Context, keys ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	for _, key := range keys {
		if err := s.Blobs.Delete(ctx, key); err != nil {
			s.Logger.DebugContext(ctx, "files: cannot remove what an upload left", "error", err)
		}
	}
}

// drop forgets an upload that will not be continued, in the same way, unless
// another attempt with other bytes than those of hash is making a file of it.
func (s *Service) drop(ctx context.Context, id, hash string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	if err := s.Options.Store.DropUpload(ctx, id, hash); err != nil {
		s.Logger.DebugContext(ctx, "files: cannot forget an upload", "error", err)
	}
}

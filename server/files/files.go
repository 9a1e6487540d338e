// Package files takes files that people upload, keeps their bytes in a blob
// store and their rows in the database, hands them out, and removes what nobody
// needs.
//
// # What a crash leaves
//
// Bytes come first and the row last, so that a file with a row has its bytes.
// The rest of an upload that was cut off has a row in the table of uploads, or is
// under incoming/ or parts/: the collector finds it. To delete a file, its row is
// marked, and then its bytes are removed. The row goes later: until then the id is
// taken, so that an old attempt to upload the file does not bring it back.
//
// # Several processes
//
// Any of them may get any request of an upload. Each attempt writes under keys
// of its own. A piece of an upload counts once it is recorded at the place where
// the upload was; of several attempts to make a file of an upload those count
// that have the same bytes, and the first that adds the row. So no process locks
// anything that another would have to wait for after it was killed.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/picture"
	"livechat/server/store"
)

// Store is the part of the database that files need.
type Store interface {
	BeginUpload(ctx context.Context, u store.FileUpload, limits store.FileLimits, now time.Time) (
		store.FileUpload, error)
	Upload(ctx context.Context, id string) (store.FileUpload, error)
	AddUploadPart(ctx context.Context, id string, p store.UploadPart, now time.Time) error
	UploadParts(ctx context.Context, id string) ([]store.UploadPart, error)
	SealUpload(ctx context.Context, id, hash string, size int64, limits store.FileLimits, now time.Time) error
	ReserveUpload(ctx context.Context, id string, size int64, limits store.FileLimits, now time.Time) error
	DropUpload(ctx context.Context, id, hash string) error
	AddFile(ctx context.Context, f store.StoredFile, source, hash string) (store.StoredFile, bool, error)
	File(ctx context.Context, id string, user int64) (store.StoredFile, error)
	AnyFile(ctx context.Context, id string) (store.StoredFile, error)
	MayRead(ctx context.Context, room string, user int64) (bool, error)
	DeleteOwnFile(ctx context.Context, id, owner string) error
	FileUsage(ctx context.Context) (store.FileUsage, error)
	FileKey(ctx context.Context, now time.Time) (day, key string, err error)
	collected
}

// Pictures are what Service needs of a picture.Maker.
type Pictures interface {
	Clean(ctx context.Context, r io.ReadSeeker, mediaType string, w io.Writer) (picture.Result, error)
	Preview(ctx context.Context, r io.ReadSeeker, mediaType string, longer int, w io.Writer) (string, error)
}

// Previews are the sizes of previews in pixels of the longer side, ascending.
var Previews = []int{320, 1280}

// Options configure a Service.
type Options struct {
	Store    Store
	Blobs    blob.Store
	Pictures Pictures // default: one of its own

	MaxFile  int64 // bytes of the largest file; 0: no files are taken
	Limits   store.FileLimits
	NoGuests bool          // only accounts may upload
	GuestAge time.Duration // how long files of guests are kept; 0: as long as their messages

	// Behind returns those of some rooms whose logs are not fully archived, as
	// bus.Archive does. Without it, files that were claimed for a message which
	// the archive does not have are kept for good.
	Behind func(ctx context.Context, rooms []string) ([]string, error)

	Refused func(code chat.Code) // is told of refused uploads, for metrics
	Now     func() time.Time
	Logger  *slog.Logger // default: none
}

// Owner is who uploads.
type Owner struct {
	Author string // see chat.AccountAuthor and chat.GuestAuthor; "": whoever knows the id
	User   int64  // the account; 0: a guest
	Addr   string // the address of a guest
}

// Upload is what is known of a file before its bytes.
type Upload struct {
	ID    string // UUID, from the client if it may repeat the upload; "": drawn
	Name  string
	Size  int64 // bytes; -1 if it is not known
	Owner Owner
}

// Stored is a file that is all there.
type Stored struct {
	chat.File
	Hash    string // SHA-256 of the original, in hexadecimal
	Created time.Time
	// Private: it is in a private chat, or may get there, since no room has it; or
	// in a room that is not open to everybody. Only Get looks at the room.
	Private bool

	kinds []string // media types of the previews
}

// Usage is what files use, with what is reserved for uploads, and their limits;
// a limit of 0 is none.
type Usage struct {
	store.FileUsage
	Max, GuestMax int64 // bytes
}

// usageAge is how old the answer of Usage may be.
const usageAge = 5 * time.Second

// Service takes and hands out files. Its methods may be called from any
// goroutine, and those of several processes at once.
type Service struct {
	Options // set at construction

	collector collector // owned by Run

	usageMu sync.Mutex // held while the database is asked
	usage   Usage      // guarded by usageMu
	usageAt time.Time  // guarded by usageMu

	mu     sync.Mutex
	day    string    // guarded by mu: the day of key
	key    string    // guarded by mu: see store.FileKey
	warned time.Time // guarded by mu: when it was logged last that the blob store is away
}

// New returns a Service. It contacts neither the database nor the blob store.
func New(o Options) *Service {
	if o.Pictures == nil {
		o.Pictures = picture.New()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Refused == nil {
		o.Refused = func(chat.Code) {}
	}
	return &Service{Options: o, collector: collector{complete: make(map[string]time.Time)}}
}

// Get returns a file that a user may fetch; user 0 is a guest. A file of a room
// is for everybody who has its id, one of a private chat for those who are
// members now. Codes: unknown_file.
func (s *Service) Get(ctx context.Context, id string, user int64) (Stored, error) {
	f, err := s.Options.Store.File(ctx, id, user)
	if err != nil {
		return Stored{}, translate(err)
	}
	stored := storedOf(f)
	if !stored.Private {
		open, err := s.Options.Store.MayRead(ctx, f.Room, 0)
		if err != nil {
			return Stored{}, translate(err)
		}
		stored.Private = !open
	}
	return stored, nil
}

// Open returns the bytes of a file and their media type: the original for size
// 0, else a preview that the file has. Codes: unknown_file, unavailable.
func (s *Service) Open(ctx context.Context, f Stored, size int) (blob.Object, string, error) {
	mediaType := f.Type
	if size != 0 {
		mediaType = ""
		for i, preview := range f.Previews {
			if preview == size {
				mediaType = f.kinds[i]
			}
		}
		if mediaType == "" {
			return nil, "", errUnknown
		}
	}
	object, err := s.Blobs.Open(ctx, keyOf(f.ID, size))
	if errors.Is(err, blob.ErrNotFound) {
		// Deleted since Get, or lost: Check tells.
		s.Logger.WarnContext(ctx, "files: a file has no bytes", "preview", size)
		return nil, "", errUnknown
	}
	if err != nil {
		return nil, "", s.away(ctx, err)
	}
	return object, mediaType, nil
}

// Usage returns what files use. The answer may be some seconds old, and is the
// last one if the database is away.
func (s *Service) Usage(ctx context.Context) Usage {
	s.usageMu.Lock()
	defer s.usageMu.Unlock()
	if now := s.Now(); now.Sub(s.usageAt) >= usageAge {
		s.usageAt = now
		if u, err := s.Options.Store.FileUsage(ctx); err == nil {
			s.usage = Usage{FileUsage: u, Max: s.Limits.All, GuestMax: s.Limits.Guests}
		}
	}
	return s.usage
}

// Reach reports whether the blob store answers, by an error if not.
func (s *Service) Reach(ctx context.Context) error {
	object, err := s.Blobs.Open(ctx, keyOf(nobodys, 0))
	switch {
	case errors.Is(err, blob.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("reach the store of files: %w", err)
	}
	_ = object.Close()
	return nil
}

// nobodys is an id that no file has.
const nobodys = "00000000-0000-0000-0000-000000000000"

func storedOf(f store.StoredFile) Stored {
	return Stored{File: f.File, Hash: f.Hash, Created: f.Created, Private: f.Room == "", kinds: f.Kinds}
}

package files

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"livechat/server/blob"
	"livechat/server/store"
)

// Report is what Check has found.
type Report struct {
	Files      int64 // rows of files, without those that are being deleted
	Bytes      int64 // in the blob store
	Orphans    int64 // keys with bytes that no row has
	OrphanSize int64 // bytes under those
	Missing    int64 // rows whose original is missing, or has another size
	NoPreview  int64 // rows that lack a preview only
	Repaired   int64 // orphans and rows that were removed
}

// OK reports whether every file has its bytes, and all bytes have a file.
func (r Report) OK() bool { return r.Orphans+r.Missing+r.NoPreview == 0 }

// youngest is the least age of an orphan: the bytes of a file come before its
// row.
const youngest = time.Hour

// errNoBytes refuses a repair that would delete all files.
var errNoBytes = errors.New("no file has its bytes: is FILES_URL the store that these files are in?")

// Check compares the rows of files with what the blob store has. With repair it
// removes bytes that no file has, deletes files that lack their original, which
// nobody can get any more, and counts again what files use. It may run beside
// servers.
func (s *Service) Check(ctx context.Context, repair bool) (r Report, err error) {
	var missing []string
	if missing, err = s.checkRows(ctx, &r); err != nil {
		return r, fmt.Errorf("check the rows of files: %w", err)
	}
	if repair && r.Files > 0 && r.Missing == r.Files {
		return r, errNoBytes
	}
	if err := s.checkBytes(ctx, &r, repair); err != nil {
		return r, fmt.Errorf("check the bytes of files: %w", err)
	}
	if !repair {
		return r, nil
	}
	for _, id := range missing {
		if err := s.Options.Store.DeleteFile(ctx, id); err != nil {
			return r, err
		}
		r.Repaired++
	}
	return r, errors.Join(s.removeDeleted(ctx), s.Options.Store.RecountFiles(ctx))
}

// checkRows returns the files without an original.
func (s *Service) checkRows(ctx context.Context, r *Report) (missing []string, err error) {
	for after := ""; ; {
		page, err := s.Options.Store.FilesAfter(ctx, after, collectBatch)
		if err != nil || len(page) == 0 {
			return missing, err
		}
		for _, f := range page {
			r.Files++
			switch whole, err := s.hasBytes(ctx, f); {
			case err != nil:
				return missing, err
			case !whole:
				r.Missing++
				missing = append(missing, f.ID)
			default:
				if err := s.checkPreviews(ctx, f, r); err != nil {
					return missing, err
				}
			}
		}
		after = page[len(page)-1].ID
	}
}

// hasBytes reports whether a file has its original, or is being deleted.
func (s *Service) hasBytes(ctx context.Context, f store.StoredFile) (bool, error) {
	size, err := s.sizeOf(ctx, keyOf(f.ID, 0))
	if err != nil || size == f.Size {
		return err == nil, err
	}
	// It may have been deleted since the page was read.
	now, err := s.Options.Store.AnyFile(ctx, f.ID)
	if errors.Is(err, store.ErrNoFile) || err == nil && now.Deleted {
		return true, nil
	}
	return false, err
}

// checkPreviews counts a file that lacks a preview.
func (s *Service) checkPreviews(ctx context.Context, f store.StoredFile, r *Report) error {
	for _, preview := range f.Previews {
		size, err := s.sizeOf(ctx, keyOf(f.ID, preview))
		if err != nil {
			return err
		}
		if size < 0 {
			r.NoPreview++
			return nil
		}
	}
	return nil
}

// sizeOf returns how many bytes a key has; -1: there is no such key.
func (s *Service) sizeOf(ctx context.Context, key string) (int64, error) {
	object, err := s.Blobs.Open(ctx, key)
	if errors.Is(err, blob.ErrNotFound) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return object.Size(), object.Close()
}

// checkBytes looks for a row for everything that is stored.
func (s *Service) checkBytes(ctx context.Context, r *Report, repair bool) error {
	for info, err := range s.Blobs.List(ctx, "") {
		if err != nil {
			return err
		}
		r.Bytes += info.Size
		if strings.HasPrefix(info.Key, incoming) || strings.HasPrefix(info.Key, parts) {
			continue // of uploads: see sweep
		}
		id, ok := idOf(info.Key)
		if !ok || s.Now().Sub(info.Modified) < youngest {
			continue // not ours, or new
		}
		known, err := s.Options.Store.KnownFile(ctx, id)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		r.Orphans++
		r.OrphanSize += info.Size
		if repair {
			if err := s.Blobs.Delete(ctx, info.Key); err != nil {
				return err
			}
			r.Repaired++
		}
	}
	return nil
}

// sweep removes what crashes have left under incoming/ and parts/.
func (s *Service) sweep(ctx context.Context, now time.Time) error {
	for info, err := range s.Blobs.List(ctx, incoming) {
		if err != nil {
			return err
		}
		if now.Sub(info.Modified) > leftoverAge {
			if err := s.Blobs.Delete(ctx, info.Key); err != nil {
				return err
			}
		}
	}
	var upload string          // whose rows pieces are
	var pieces map[string]bool // keys of its pieces
	for info, err := range s.Blobs.List(ctx, parts) {
		if err != nil {
			return err
		}
		if now.Sub(info.Modified) <= leftoverAge {
			continue
		}
		if of := uploadOf(info.Key); of != upload || pieces == nil {
			if upload, pieces, err = s.piecesOf(ctx, of); err != nil {
				return err
			}
		}
		if !pieces[info.Key] {
			if err := s.Blobs.Delete(ctx, info.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) piecesOf(ctx context.Context, upload string) (string, map[string]bool, error) {
	list, err := s.Options.Store.UploadParts(ctx, upload)
	if errors.Is(err, store.ErrNoFile) {
		err = nil
	}
	keys := make(map[string]bool, len(list))
	for _, p := range list {
		keys[p.Key] = true
	}
	return upload, keys, err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// FileUpload is a file that is being received.
type FileUpload struct {
	ID       string // UUID of the file that it becomes
	Owner    string
	User     int64
	Source   string // see DaySource; "" for an account
	Name     string
	Size     int64 // -1: not known
	Received int64 // bytes of its pieces
	Parts    int64
	Hash     string // of all that was received; "" before that is known
	Touched  time.Time
}

// UploadPart is a piece of a resumable upload.
type UploadPart struct {
	First, Size int64
	Key         string // in the blob store
}

const (
	uploadColumns = `id, owner, user_id, source, name, size, received, parts, hash, touched`
	insertUpload  = `INSERT INTO uploads (id, owner, user_id, source, name, size, reserved, created, touched)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (id) DO NOTHING`
	selectUpload = `SELECT ` + uploadColumns + ` FROM uploads WHERE id = $1`
	movePart     = `UPDATE uploads SET received = received + $3, parts = parts + 1, touched = $4
		WHERE id = $1 AND received = $2 AND hash = ''`
	insertPart  = `INSERT INTO upload_parts (upload, first, size, key) VALUES ($1, $2, $3, $4)`
	selectParts = `SELECT first, size, key FROM upload_parts WHERE upload = $1 ORDER BY first`
	deleteParts = `DELETE FROM upload_parts WHERE upload = $1`
	sealUpload  = `UPDATE uploads SET hash = $2, touched = $3 WHERE id = $1 AND (hash = '' OR hash = $2)`
	growUpload  = `UPDATE uploads SET reserved = $2 WHERE id = $1 AND reserved < $2`
	deadUploads = `SELECT ` + uploadColumns + ` FROM uploads WHERE touched < $1
		OR received = 0 AND touched < $2 ORDER BY touched LIMIT $3`
	touchUpload = `UPDATE uploads SET touched = $2 WHERE id = $1`
	dropUpload  = `DELETE FROM uploads WHERE id = $1`
	// Not while another attempt with other bytes is making a file of it.
	dropUnsealed   = dropUpload + ` AND hash IN ('', $2)`
	dropSealed     = dropUpload + ` AND hash = $2`
	dropUntouched  = dropUpload + ` AND touched = $2`
	droppedUpload  = ` RETURNING user_id, source, reserved`
	selectReserved = `SELECT user_id, source, reserved FROM uploads WHERE id = $1`
)

func scanUpload(row scanner) (u FileUpload, err error) {
	var touched int64
	err = row.Scan(&u.ID, &u.Owner, &u.User, &u.Source, &u.Name, &u.Size, &u.Received, &u.Parts, &u.Hash,
		&touched)
	u.Touched = fromMS(touched)
	return u, err
}

// BeginUpload reserves room for an upload and records it. If it was begun
// before, it returns that one, so that a client may begin again. ErrConflict:
// another owner has the id. QuotaError: a limit leaves no room.
func (s *Store) BeginUpload(ctx context.Context, u FileUpload, limits FileLimits, now time.Time) (
	begun FileUpload, err error) {
	if !isID(u.ID) {
		return FileUpload{}, fmt.Errorf("begin an upload: %w", errBadID)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := exec(ctx, tx, reviveFile, u.ID, u.Owner); err != nil {
			return err
		}
		reserved := max(0, u.Size)
		added, err := exec(ctx, tx, insertUpload, u.ID, u.Owner, u.User, u.Source, u.Name, u.Size, reserved,
			now.UnixMilli())
		if err != nil {
			return err
		}
		if added > 0 {
			begun = u
			return addTotals(ctx, tx, totalsOf(u.User, u.Source), reserved, 0, &limits)
		}
		begun, err = scanUpload(tx.QueryRowContext(ctx, selectUpload, u.ID))
		switch {
		case err != nil:
			return noFile(err)
		case begun.Owner != u.Owner:
			return ErrConflict
		}
		_, err = exec(ctx, tx, touchUpload, u.ID, now.UnixMilli())
		return err
	})
	if err != nil {
		return FileUpload{}, fmt.Errorf("begin an upload: %w", err)
	}
	return begun, nil
}

// Upload returns an upload. ErrNoFile: there is none.
func (s *Store) Upload(ctx context.Context, id string) (u FileUpload, err error) {
	err = ErrNoFile
	if isID(id) {
		u, err = scanUpload(s.write.QueryRowContext(ctx, selectUpload, id))
	}
	if err != nil {
		return FileUpload{}, fmt.Errorf("read an upload: %w", noFile(err))
	}
	return u, nil
}

// AddUploadPart records a piece of an upload, whose bytes are stored. ErrConflict:
// the upload is not at this place any more, or is gone.
func (s *Store) AddUploadPart(ctx context.Context, id string, p UploadPart, now time.Time) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		moved, err := exec(ctx, tx, movePart, id, p.First, p.Size, now.UnixMilli())
		if err == nil && moved == 0 {
			err = ErrConflict
		}
		if err == nil {
			_, err = exec(ctx, tx, insertPart, id, p.First, p.Size, p.Key)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record a piece of an upload: %w", err)
	}
	return nil
}

// UploadParts returns the pieces of an upload in their order.
func (s *Store) UploadParts(ctx context.Context, id string) ([]UploadPart, error) {
	if !isID(id) {
		return nil, nil
	}
	parts, err := list(ctx, s.write, func(row scanner) (p UploadPart, err error) {
		return p, row.Scan(&p.First, &p.Size, &p.Key)
	}, selectParts, id)
	if err != nil {
		return nil, fmt.Errorf("list the pieces of an upload: %w", err)
	}
	return parts, nil
}

// SealUpload records what an upload is, once all of it was received: of several
// attempts under one id those count that have the same bytes. It also reserves
// room for them, if their size was not known. ErrNoFile: the upload is gone.
// ErrConflict: an attempt with other bytes came first. QuotaError: as for
// BeginUpload.
func (s *Store) SealUpload(ctx context.Context, id, hash string, size int64, limits FileLimits,
	now time.Time) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		sealed, err := exec(ctx, tx, sealUpload, id, hash, now.UnixMilli())
		if err != nil {
			return err
		}
		err = reserve(ctx, tx, id, size, limits)
		if sealed == 0 && err == nil {
			err = ErrConflict
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("record what was uploaded: %w", err)
	}
	return nil
}

// ReserveUpload reserves room for so many bytes of an upload of unknown size, as
// they come. ErrNoFile: the upload is gone. QuotaError: as for BeginUpload.
func (s *Store) ReserveUpload(ctx context.Context, id string, size int64, limits FileLimits,
	now time.Time) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := exec(ctx, tx, touchUpload, id, now.UnixMilli()); err != nil {
			return err
		}
		return reserve(ctx, tx, id, size, limits)
	})
	if err != nil {
		return fmt.Errorf("reserve room for an upload: %w", err)
	}
	return nil
}

// reserve reserves room for at least so many bytes of an upload, which the
// transaction has locked.
func reserve(ctx context.Context, tx *sql.Tx, id string, size int64, limits FileLimits) error {
	var r reservation
	if err := tx.QueryRowContext(ctx, selectReserved, id).Scan(&r.user, &r.source, &r.reserved); err != nil {
		return noFile(err)
	}
	if r.reserved >= size {
		return nil
	}
	if _, err := exec(ctx, tx, growUpload, id, size); err != nil {
		return err
	}
	return addTotals(ctx, tx, totalsOf(r.user, r.source), size-r.reserved, 0, &limits)
}

// AddFile makes a file of an upload: the row is there, what was reserved is
// settled, and the upload is gone. Of several attempts the first counts; created
// is false for the others, and stored is the file of the first, or what is left
// of it if it is deleted. ErrNoFile: the upload that was sealed with this hash was
// abandoned, and its bytes may be gone.
func (s *Store) AddFile(ctx context.Context, f StoredFile, source, hash string) (
	stored StoredFile, created bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		added, err := exec(ctx, tx, insertFile, f.ID, f.Owner, f.User, f.Name, f.Type, f.Size, f.Hash,
			f.Width, f.Height, formatPreviews(f.Previews, f.Kinds), f.Stored, f.Created.UnixMilli(), f.Sent)
		if err != nil {
			return err
		}
		created = added > 0
		settled, err := s.dropUpload(ctx, tx, f.ID, dropSealed, hash)
		if err != nil {
			return err
		}
		if created && !settled.there {
			return ErrNoFile
		}
		if created {
			bytes := f.Stored - settled.reserved
			if err := addTotals(ctx, tx, totalsOf(f.User, source), bytes, 1, nil); err != nil {
				return err
			}
		} else if settled.there {
			err := addTotals(ctx, tx, totalsOf(settled.user, settled.source), -settled.reserved, 0, nil)
			if err != nil {
				return err
			}
		}
		stored, err = scanFile(tx.QueryRowContext(ctx, selectFile, f.ID))
		return err
	})
	if err != nil {
		return StoredFile{}, false, fmt.Errorf("add a file: %w", err)
	}
	return stored, created, nil
}

// DropUpload forgets an upload that was not sealed, or with this hash, and frees
// what was reserved for it. It is no error if there is none. Of its file no bytes
// may be stored: see AbandonUpload.
func (s *Store) DropUpload(ctx context.Context, id, hash string) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		d, err := s.dropUpload(ctx, tx, id, dropUnsealed, hash)
		if err != nil || !d.there {
			return err
		}
		return addTotals(ctx, tx, totalsOf(d.user, d.source), -d.reserved, 0, nil)
	})
	if err != nil {
		return fmt.Errorf("forget an upload: %w", err)
	}
	return nil
}

// reservation is what was reserved for an upload.
type reservation struct {
	there          bool
	user, reserved int64
	source         string
}

// dropUpload removes an upload and its pieces by one of the statements above.
func (s *Store) dropUpload(ctx context.Context, tx *sql.Tx, id, statement string, args ...any) (
	d reservation, err error) {
	err = tx.QueryRowContext(ctx, statement+droppedUpload, append([]any{id}, args...)...).
		Scan(&d.user, &d.source, &d.reserved)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return d, nil
	case err != nil:
		return d, err
	}
	d.there = true
	_, err = exec(ctx, tx, deleteParts, id)
	return d, err
}

// DeadUploads returns uploads that got no bytes since idle, or none at all since
// empty, the oldest first.
func (s *Store) DeadUploads(ctx context.Context, idle, empty time.Time, limit int) ([]FileUpload, error) {
	all, err := list(ctx, s.read, scanUpload, deadUploads, idle.UnixMilli(), empty.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list dead uploads: %w", err)
	}
	return all, nil
}

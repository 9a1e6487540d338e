package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	selectDeleted = `SELECT ` + fileColumns + ` FROM files WHERE deleted > 0 ORDER BY deleted, id LIMIT $1`
	selectStored  = `SELECT user_id, stored FROM files WHERE id = $1 AND deleted > 0`
	removedFile   = `UPDATE files SET deleted = $2, stored = 0, name = '', alt = ''
		WHERE id = $1 AND deleted > 0`
	filesAfter = `SELECT ` + fileColumns + ` FROM files WHERE id > $1 AND deleted = 0 ORDER BY id LIMIT $2`

	unclaimed       = `claimed = 0 AND deleted = 0 AND created < $2`
	deleteUnclaimed = `UPDATE files SET deleted = $1 WHERE ` + unclaimed + ` AND id IN
		(SELECT id FROM files WHERE ` + unclaimed + ` ORDER BY created LIMIT $3)`
	ofGuests     = `user_id = 0 AND deleted = 0 AND created < $2`
	deleteGuests = `UPDATE files SET deleted = $1 WHERE ` + ofGuests + ` AND id IN
		(SELECT id FROM files WHERE ` + ofGuests + ` ORDER BY created LIMIT $3)`
	unarchived      = `claimed > 0 AND archived = 0 AND deleted = 0`
	unarchivedRooms = `SELECT room FROM files WHERE ` + unarchived + ` AND claimed < $1 GROUP BY room
		ORDER BY min(claimed) LIMIT $2`
	deleteUnarchived = `UPDATE files SET deleted = $1 WHERE ` + unarchived + ` AND room = $2 AND claimed < $3`
	deleteOwn        = `UPDATE files SET deleted = $1 WHERE id = $2 AND owner = $3 AND claimed = 0
		AND deleted = 0`
	deleteFile = `UPDATE files SET deleted = $1 WHERE id = $2 AND deleted = 0`
	isKnown    = `SELECT EXISTS (SELECT 1 FROM files WHERE id = $1 AND deleted >= 0)
		OR EXISTS (SELECT 1 FROM uploads WHERE id = $1)`
)

// DeletedFiles returns files whose bytes are to be removed, those that were
// deleted first.
func (s *Store) DeletedFiles(ctx context.Context, limit int) ([]StoredFile, error) {
	all, err := list(ctx, s.write, scanFile, selectDeleted, limit)
	if err != nil {
		return nil, fmt.Errorf("list deleted files: %w", err)
	}
	return all, nil
}

// FilesRemoved notes that the bytes of deleted files are gone. Their ids stay
// taken: see ForgetFiles.
func (s *Store) FilesRemoved(ctx context.Context, ids []string, now time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		type sum struct{ bytes, files int64 }
		freed := make(map[string]sum)
		for _, id := range ids {
			var user, stored int64
			err := tx.QueryRowContext(ctx, selectStored, id).Scan(&user, &stored)
			if errors.Is(err, sql.ErrNoRows) { // another process was faster
				continue
			}
			if err != nil {
				return err
			}
			n, err := exec(ctx, tx, removedFile, id, -now.UnixMilli())
			if err != nil {
				return err
			}
			if n == 0 || stored == 0 { // as above, or an upload that has become no file
				continue
			}
			for _, name := range totalsOf(user, "") {
				freed[name] = sum{freed[name].bytes + stored, freed[name].files + 1}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(freed)) {
			total := freed[name]
			if err := addTotals(ctx, tx, []string{name}, -total.bytes, -total.files, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note removed files: %w", err)
	}
	return nil
}

// DeleteUnclaimed deletes at most limit files that no message has claimed, from
// before a time, and returns how many.
func (s *Store) DeleteUnclaimed(ctx context.Context, before time.Time, limit int) (int64, error) {
	return s.deleteSome(ctx, deleteUnclaimed, before, limit)
}

// DeleteGuestFiles deletes at most limit files of guests from before a time,
// although their messages stay, and returns how many.
func (s *Store) DeleteGuestFiles(ctx context.Context, before time.Time, limit int) (int64, error) {
	return s.deleteSome(ctx, deleteGuests, before, limit)
}

func (s *Store) deleteSome(ctx context.Context, statement string, before time.Time, limit int) (
	int64, error) {
	n, err := exec(ctx, s.write, statement, time.Now().UnixMilli(), before.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("delete old files: %w", s.seen(err))
	}
	return n, nil
}

// UnarchivedRooms returns rooms with files that were claimed before a time for
// messages which the archive does not have.
func (s *Store) UnarchivedRooms(ctx context.Context, before time.Time, limit int) ([]string, error) {
	rooms, err := list(ctx, s.read, func(row scanner) (room string, err error) {
		return room, row.Scan(&room)
	}, unarchivedRooms, before.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list rooms with unarchived files: %w", err)
	}
	return rooms, nil
}

// DeleteUnarchived deletes these files of one room, and returns how many. Only
// who knows that the archive has all of the room's log may call it: their
// messages were then never published.
func (s *Store) DeleteUnarchived(ctx context.Context, room string, before time.Time) (int64, error) {
	n, err := exec(ctx, s.write, deleteUnarchived, time.Now().UnixMilli(), room, before.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("delete unarchived files: %w", s.seen(err))
	}
	return n, nil
}

// DeleteOwnFile deletes an owner's file that no message has claimed. ErrNoFile:
// there is none.
func (s *Store) DeleteOwnFile(ctx context.Context, id, owner string) error {
	var n int64
	var err error
	if isID(id) {
		n, err = exec(ctx, s.write, deleteOwn, time.Now().UnixMilli(), id, owner)
	}
	if err == nil && n == 0 {
		err = ErrNoFile
	}
	return s.deleting(n, s.seen(err))
}

// DeleteFile deletes a file, whoever's it is and whatever message has it.
func (s *Store) DeleteFile(ctx context.Context, id string) error {
	n, err := exec(ctx, s.write, deleteFile, time.Now().UnixMilli(), id)
	return s.deleting(n, s.seen(err))
}

// FilesAfter returns files in the order of their ids, after one; "" begins with
// the first.
func (s *Store) FilesAfter(ctx context.Context, id string, limit int) ([]StoredFile, error) {
	if id == "" {
		id = "00000000-0000-0000-0000-000000000000"
	}
	all, err := list(ctx, s.read, scanFile, filesAfter, id, limit)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return all, nil
}

// KnownFile reports whether there is a file, or an upload, with this id.
func (s *Store) KnownFile(ctx context.Context, id string) (known bool, err error) {
	if !isID(id) {
		return false, nil
	}
	if err := s.write.QueryRowContext(ctx, isKnown, id).Scan(&known); err != nil {
		return false, fmt.Errorf("look for a file: %w", err)
	}
	return known, nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"
)

// A deleted file whose bytes are gone keeps its id for a while, so that an
// attempt to upload it that is still under way does not bring it back; and for
// as long as an archived message names it, as those of old files of guests do:
// nobody may give that message another file. A file that no message ever had may
// be uploaded again by its owner: nobody else knows its id.

const (
	// The place of a message of a room is that of its newest copy. The id of a
	// message of a chat is a UUID, of a room any text. For EXISTS, PostgreSQL would
	// read all messages.
	isNamed = `archived > 0 AND coalesce(CASE WHEN chat IS NULL
		THEN (SELECT NOT m.deleted FROM room_messages m
			WHERE m.room = f.room AND m.epoch = f.epoch AND m.seq = f.seq)
		ELSE (SELECT NOT m.deleted FROM messages m WHERE m.id = CAST(f.message AS UUID)) END, FALSE)`
	goneFiles = `SELECT id FROM files f WHERE deleted < 0 AND deleted > $1`
	keepNamed = `UPDATE files SET deleted = $3 WHERE id IN (` + goneFiles + ` AND ` + isNamed +
		` ORDER BY deleted DESC LIMIT $2)`
	forgetGone = `DELETE FROM files WHERE id IN (` + goneFiles + ` AND NOT (` + isNamed +
		`) ORDER BY deleted DESC LIMIT $2)`
	reviveFile = `DELETE FROM files WHERE id = $1 AND owner = $2 AND message = '' AND deleted < 0`
	// An attempt that was killed may have stored bytes: a row of the file
	// remains that says so.
	abandonFile = `INSERT INTO files (id, owner, user_id, name, type, size, hash, width, height, previews,
		stored, created, deleted) VALUES ($1, $2, $3, $4, '', 0, '', 0, 0, '', 0, $5, $5)
		ON CONFLICT (id) DO UPDATE SET deleted = excluded.deleted WHERE files.deleted < 0`
)

// ForgetFiles forgets at most limit files whose bytes have been gone since before
// a time, and that no archived message names, and returns how many. It looks again
// at the others when they are as old again.
func (s *Store) ForgetFiles(ctx context.Context, before, now time.Time, limit int) (int64, error) {
	keep, forget := keepNamed, forgetGone
	if s.dialect == sqlite { // ids are texts there
		keep = strings.ReplaceAll(keep, "CAST(f.message AS UUID)", "f.message")
		forget = strings.ReplaceAll(forget, "CAST(f.message AS UUID)", "f.message")
	}
	_, err := exec(ctx, s.write, keep, -before.UnixMilli(), limit, -now.UnixMilli())
	var n int64
	if err == nil {
		n, err = exec(ctx, s.write, forget, -before.UnixMilli(), limit)
	}
	if err != nil {
		return n, fmt.Errorf("forget deleted files: %w", s.seen(err))
	}
	return n, nil
}

// AbandonUpload forgets an upload as it was when it was read, and frees what was
// reserved for it. If bytes of its file may be stored, it becomes a deleted file,
// so that they are removed and an attempt that is still under way makes no file.
// ok is false if it is not as it was, or gone.
func (s *Store) AbandonUpload(ctx context.Context, u FileUpload, now time.Time) (ok bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		d, err := s.dropUpload(ctx, tx, u.ID, dropUntouched, u.Touched.UnixMilli())
		if ok = d.there; err != nil || !ok {
			return err
		}
		if u.Hash != "" {
			n, err := exec(ctx, tx, abandonFile, u.ID, u.Owner, u.User, u.Name, now.UnixMilli())
			if err := s.deleting(n, err); err != nil {
				return err
			}
		}
		return addTotals(ctx, tx, totalsOf(d.user, d.source), -d.reserved, 0, nil)
	})
	if err != nil {
		return false, fmt.Errorf("abandon an upload: %w", err)
	}
	return ok, nil
}

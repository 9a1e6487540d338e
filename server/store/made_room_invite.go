package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Invite makes whoever has its token a member of a room.
type Invite struct {
	ID      string // by which it is listed and removed
	Room    string
	By      string // the name of the account that made it, as it was then
	Created time.Time
	Uses    int64 // that are left
	Expires time.Time
}

const (
	inviteFields = `id, room, made_by, created, uses, expires`
	addInvite    = `INSERT INTO room_invites (token, ` + inviteFields + `) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	countInvites = `SELECT count(*) FROM room_invites WHERE room = $1 AND expires > $2`
	// Deleted rooms have none. Used invites are not there.
	selectInvite  = `SELECT ` + inviteFields + ` FROM room_invites WHERE token = $1 AND expires > $2`
	selectInvites = `SELECT ` + inviteFields + ` FROM room_invites WHERE room = $1 AND expires > $2
		ORDER BY created DESC, id`
	useInvite     = `UPDATE room_invites SET uses = uses - 1 WHERE token = $1 AND room = $2 AND expires > $3`
	removeUsed    = `DELETE FROM room_invites WHERE token = $1 AND uses <= 0`
	removeInvite  = `DELETE FROM room_invites WHERE room = $1 AND id = $2`
	removeOld     = `DELETE FROM room_invites WHERE room = $1 AND expires <= $2`
	expireInvites = `DELETE FROM room_invites WHERE expires <= $1`
)

// Invite returns the invite with the hash of a token. ErrNotFound: there is
// none that can be used, whatever the reason.
func (s *Store) Invite(ctx context.Context, tokenHash []byte, now time.Time) (Invite, error) {
	i, err := scanInvite(s.read.QueryRowContext(ctx, selectInvite, tokenHash, now.UnixMilli()))
	if err != nil {
		return Invite{}, fmt.Errorf("find an invite: %w", s.seen(notFound(err)))
	}
	return i, nil
}

// Invites returns the invites to a room that can be used, the newest first.
func (s *Store) Invites(ctx context.Context, room string, now time.Time) ([]Invite, error) {
	all, err := list(ctx, s.read, scanInvite, selectInvites, room, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list invites: %w", s.seen(err))
	}
	return all, nil
}

// ExpireInvites deletes invites that have expired, and returns how many. There
// are few: see MaxRoomInvites.
func (s *Store) ExpireInvites(ctx context.Context, now time.Time) (deleted int64, err error) {
	deleted, err = exec(ctx, s.write, expireInvites, now.UnixMilli())
	if err != nil {
		return deleted, fmt.Errorf("expire invites: %w", s.seen(err))
	}
	return deleted, nil
}

// AddInvite adds an invite to the room. ErrTooManyInvites.
func (t *RoomTx) AddInvite(ctx context.Context, tokenHash []byte, i Invite) error {
	if _, err := t.tx.ExecContext(ctx, removeOld, t.Name, t.now.UnixMilli()); err != nil {
		return err
	}
	var others int
	err := t.tx.QueryRowContext(ctx, countInvites, t.Name, t.now.UnixMilli()).Scan(&others)
	switch {
	case err != nil:
		return err
	case others >= MaxRoomInvites:
		return ErrTooManyInvites
	}
	_, err = t.tx.ExecContext(ctx, addInvite, tokenHash, i.ID, t.Name, storable(i.By), i.Created.UnixMilli(),
		i.Uses, i.Expires.UnixMilli())
	return err
}

// UseInvite takes one use of an invite to the room. ErrNotFound: there is none
// that can be used.
func (t *RoomTx) UseInvite(ctx context.Context, tokenHash []byte) error {
	n, err := exec(ctx, t.tx, useInvite, tokenHash, t.Name, t.now.UnixMilli())
	switch {
	case err != nil:
		return err
	case n == 0:
		return ErrNotFound
	}
	_, err = t.tx.ExecContext(ctx, removeUsed, tokenHash)
	return err
}

// HasInvite reports whether an invite to the room can be used.
func (t *RoomTx) HasInvite(ctx context.Context, tokenHash []byte) (bool, error) {
	i, err := scanInvite(t.tx.QueryRowContext(ctx, selectInvite, tokenHash, t.now.UnixMilli()))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return i.Room == t.Name, err
}

// RemoveInvite removes an invite to the room by its id. ErrNotFound: there is
// none.
func (t *RoomTx) RemoveInvite(ctx context.Context, id string) error {
	n, err := exec(ctx, t.tx, removeInvite, t.Name, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

func scanInvite(row scanner) (i Invite, err error) {
	var created, expires int64
	err = row.Scan(&i.ID, &i.Room, &i.By, &created, &i.Uses, &expires)
	i.Created, i.Expires = fromMS(created), fromMS(expires)
	return i, err
}

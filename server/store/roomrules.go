package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"livechat/server/chat"
)

// The rules of a room are a row of settings, and the mutes and bans of the
// room. Each change, of either, raises the version in that row, in the same
// transaction. So does an import, in effect: all rooms have to be applied
// again.

// Kinds of a Ban.
const (
	KindMute = "mute" // may not write
	KindBan  = "ban"  // may not be there
)

// maxBans bounds the mutes and bans of a room, and with them its working copy.
const maxBans = 2000

// ErrTooManyBans says that a room has as many mutes and bans as it may have.
var ErrTooManyBans = errors.New("too many mutes and bans in this room")

// RoomSettings are the rules of a room other than mutes and bans.
type RoomSettings struct {
	Slow       time.Duration // see chat.RoomRules; to the millisecond
	Registered bool
	Paused     bool
}

// Ban is a mute or a ban.
type Ban struct {
	Room    string
	Kind    string
	Subject chat.Subject
	Name    string // of the subject, as it was shown
	Reason  string
	By      string // who has decided it
	At      time.Time
	Ends    time.Time // zero: never
}

// Tx is a transaction of a Store, for what has to be written together.
type Tx struct{ tx *sql.Tx }

// Also writes something more in the transaction of a change; after an error
// nothing is changed. It may be called several times for one change, and may be
// nil.
type Also func(ctx context.Context, tx *Tx) error

const (
	// The version is a time, unless the one before is not older. The row is locked
	// from then on, so the changes of a room have the order of their versions.
	raiseRules = `
INSERT INTO rooms_rules (room, slow_ms, registered, paused, version, applied)
VALUES ($1, 0, FALSE, FALSE, $2, 0)
ON CONFLICT (room) DO UPDATE SET version = CASE WHEN rooms_rules.version < excluded.version
	THEN excluded.version ELSE rooms_rules.version + 1 END
RETURNING version`
	setSettings  = `UPDATE rooms_rules SET slow_ms = $2, registered = $3, paused = $4 WHERE room = $1`
	selectRules  = `SELECT slow_ms, registered, paused, version FROM rooms_rules WHERE room = $1`
	selectNew    = `SELECT room FROM rooms_rules WHERE applied < version ORDER BY room LIMIT $1`
	rulesApplied = `UPDATE rooms_rules SET applied = $2 WHERE room = $1 AND applied < $2`

	banColumns = `room, kind, subject_kind, subject, name, reason, set_by, at, ends`
	isBan      = `room = $1 AND kind = $2 AND subject_kind = $3 AND subject = $4`
	inForce    = `room = $1 AND (ends = 0 OR ends > $2)`
	addBan     = `INSERT INTO bans (` + banColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (room, kind, subject_kind, subject) DO UPDATE SET name = excluded.name,
		reason = excluded.reason, set_by = excluded.set_by, at = excluded.at, ends = excluded.ends`
	countOthers = `SELECT count(*) FROM bans WHERE room = $1 AND NOT (` + isBan + `)`
	removeBan   = `DELETE FROM bans WHERE ` + isBan + ` RETURNING name`
	selectBans  = `SELECT ` + banColumns + ` FROM bans WHERE ` + inForce + `
		ORDER BY at DESC, kind, subject_kind, subject`
	selectBanRooms = `SELECT DISTINCT room FROM bans WHERE room > $1 AND (ends = 0 OR ends > $2) ORDER BY room
		LIMIT $3`
	selectInForce = `SELECT kind, subject_kind, subject, ends FROM bans WHERE ` + inForce
	expireBans    = `DELETE FROM bans WHERE (room, kind, subject_kind, subject) IN (
		SELECT room, kind, subject_kind, subject FROM bans WHERE ends > 0 AND ends <= $1
		ORDER BY ends LIMIT $2)`
	deleteUserBans = `DELETE FROM bans WHERE subject_kind = 'account' AND subject = $1`
)

// SetRoomSettings changes the settings of a room, and returns the new version of
// its rules. change gets the settings as they are, and nobody else changes them
// meanwhile; it may be called again. After an error of it nothing is changed.
// also gets the new settings, and may be nil.
func (s *Store) SetRoomSettings(ctx context.Context, room string, change func(*RoomSettings) error,
	now time.Time, also func(RoomSettings) Also) (version int64, err error) {
	version, err = s.changeRules(ctx, room, now, func(tx *sql.Tx) (Also, error) {
		var r RoomSettings
		var slow, unused int64
		if err := tx.QueryRowContext(ctx, selectRules, room).Scan(&slow, &r.Registered, &r.Paused,
			&unused); err != nil {
			return nil, err
		}
		r.Slow = time.Duration(slow) * time.Millisecond
		if err := change(&r); err != nil {
			return nil, err
		}
		_, err := tx.ExecContext(ctx, setSettings, room, r.Slow.Milliseconds(), r.Registered, r.Paused)
		if also == nil {
			return nil, err
		}
		return also(r), err
	})
	if err != nil {
		return 0, fmt.Errorf("set the settings of a room: %w", err)
	}
	return version, nil
}

// AddBan adds a mute or a ban, or replaces the one of the same kind for the
// same subject. It returns the new version of the room's rules. ErrTooManyBans:
// the room has no space for another one.
func (s *Store) AddBan(ctx context.Context, b Ban, also Also) (version int64, err error) {
	kind, id := b.Subject.Split()
	version, err = s.changeRules(ctx, b.Room, b.At, func(tx *sql.Tx) (Also, error) {
		var others int
		err := tx.QueryRowContext(ctx, countOthers, b.Room, b.Kind, kind, id).Scan(&others)
		switch {
		case err != nil:
			return nil, err
		case others >= maxBans:
			return nil, ErrTooManyBans
		}
		_, err = tx.ExecContext(ctx, addBan, b.Room, b.Kind, kind, id, storable(b.Name), storable(b.Reason),
			storable(b.By), b.At.UnixMilli(), msOf(b.Ends))
		return also, err
	})
	if err != nil {
		return 0, fmt.Errorf("add a %s: %w", b.Kind, err)
	}
	return version, nil
}

// RemoveBan removes a mute or a ban and returns the new version of the room's
// rules. also gets the name that the subject had, and may be nil. ErrNotFound:
// there is none.
func (s *Store) RemoveBan(ctx context.Context, room, kind string, of chat.Subject, now time.Time,
	also func(name string) Also) (version int64, err error) {
	subjectKind, id := of.Split()
	version, err = s.changeRules(ctx, room, now, func(tx *sql.Tx) (Also, error) {
		var name string
		err := tx.QueryRowContext(ctx, removeBan, room, kind, subjectKind, id).Scan(&name)
		if err != nil || also == nil {
			return nil, notFound(err)
		}
		return also(name), nil
	})
	if err != nil {
		return 0, fmt.Errorf("remove a %s: %w", kind, err)
	}
	return version, nil
}

// changeRules raises the version of a room's rules and changes them. change
// returns what is written besides.
func (s *Store) changeRules(ctx context.Context, room string, now time.Time,
	change func(*sql.Tx) (Also, error)) (version int64, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, raiseRules, room, now.UnixMilli()).Scan(&version); err != nil {
			return err
		}
		also, err := change(tx)
		if err != nil || also == nil {
			return err
		}
		return also(ctx, &Tx{tx})
	})
	return version, err
}

// Bans returns the mutes and bans of a room that have not ended, newest first.
func (s *Store) Bans(ctx context.Context, room string, now time.Time) ([]Ban, error) {
	all, err := list(ctx, s.read, scanBan, selectBans, room, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list the bans of a room: %w", s.seen(err))
	}
	return all, nil
}

// RoomsWithBans returns up to limit rooms that have mutes or bans which have not
// ended, in the order of their names, after a name.
func (s *Store) RoomsWithBans(ctx context.Context, after string, now time.Time, limit int) ([]string, error) {
	rooms, err := list(ctx, s.read, scanText, selectBanRooms, after, now.UnixMilli(), limit)
	if err != nil {
		return nil, fmt.Errorf("list the rooms with bans: %w", s.seen(err))
	}
	return rooms, nil
}

// clockSkew is how far the clocks of a server and of Redis may differ: a ban
// that has only just ended by the one may not have by the other.
const clockSkew = time.Minute

// RoomRules returns all rules of a room that are in force.
//
// The version is read first: what is read after it may be newer than it, never
// older. So rules that are told as those of a version have all of its changes.
func (s *Store) RoomRules(ctx context.Context, room string, now time.Time) (r chat.RoomRules, err error) {
	var slow int64
	err = s.read.QueryRowContext(ctx, selectRules, room).Scan(&slow, &r.Registered, &r.Paused, &r.Version)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return chat.RoomRules{}, nil
	case err != nil:
		return chat.RoomRules{}, fmt.Errorf("read the rules of a room: %w", s.seen(err))
	}
	r.Slow = time.Duration(slow) * time.Millisecond
	r.Muted, r.Banned = make(map[chat.Subject]int64), make(map[chat.Subject]int64)
	of := map[string]map[chat.Subject]int64{KindMute: r.Muted, KindBan: r.Banned}
	_, err = list(ctx, s.read, func(row scanner) (none struct{}, err error) {
		var kind, subjectKind, id string
		var ends int64
		if err := row.Scan(&kind, &subjectKind, &id, &ends); err != nil {
			return none, err
		}
		if subject, err := chat.NewSubject(subjectKind, id); err == nil && of[kind] != nil {
			of[kind][subject] = ends
		}
		return none, nil
	}, selectInForce, room, now.Add(-clockSkew).UnixMilli())
	if err != nil {
		return chat.RoomRules{}, fmt.Errorf("read the bans of a room: %w", s.seen(err))
	}
	return r, nil
}

// UnappliedRules returns rooms whose newest rules Redis may not have got.
func (s *Store) UnappliedRules(ctx context.Context, limit int) (rooms []string, err error) {
	rooms, err = list(ctx, s.read, scanText, selectNew, limit)
	if err != nil {
		return nil, fmt.Errorf("list rooms with new rules: %w", s.seen(err))
	}
	return rooms, nil
}

// RulesApplied notes that Redis has got a version of a room's rules.
func (s *Store) RulesApplied(ctx context.Context, room string, version int64) error {
	if _, err := s.write.ExecContext(ctx, rulesApplied, room, version); err != nil {
		return fmt.Errorf("note applied rules: %w", s.seen(err))
	}
	return nil
}

// ExpireBans deletes mutes and bans that have ended, at most expireBatch in a
// transaction, and returns how many. They are no longer in force, so no version
// rises.
func (s *Store) ExpireBans(ctx context.Context, now time.Time) (deleted int64, err error) {
	for {
		n, err := exec(ctx, s.write, expireBans, now.Add(-clockSkew).UnixMilli(), expireBatch)
		if deleted += n; err != nil {
			return deleted, fmt.Errorf("expire bans: %w", s.seen(err))
		}
		if n < expireBatch {
			return deleted, nil
		}
	}
}

// deleteBansOfUser deletes what is about an account that is being deleted: who
// cannot log in cannot write.
func deleteBansOfUser(ctx context.Context, tx *sql.Tx, user int64) error {
	_, err := tx.ExecContext(ctx, deleteUserBans, strconv.FormatInt(user, 10))
	return err
}

func scanText(row scanner) (text string, err error) { return text, row.Scan(&text) }

func scanBan(row scanner) (b Ban, err error) {
	var subjectKind, id string
	var at, ends int64
	if err := row.Scan(&b.Room, &b.Kind, &subjectKind, &id, &b.Name, &b.Reason, &b.By, &at,
		&ends); err != nil {
		return b, err
	}
	b.Subject, _ = chat.NewSubject(subjectKind, id) // as AddBan and imports have checked
	b.At, b.Ends = fromMS(at), editedAt(ends)
	return b, nil
}

// msOf returns a time as it is stored; 0 for the zero time.
func msOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

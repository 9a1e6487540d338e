package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
)

// The rules of a room are a row of settings, its mutes and bans, and, of a made
// room, who may be in it. Each change, of any, raises the version in that row,
// in the same transaction. So does an import, in effect: all rooms have to be
// applied again.

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
	Words      string // the blocked words, as chat.WordsText writes them
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
	setSettings = `UPDATE rooms_rules SET slow_ms = $2, registered = $3, paused = $4, words = $5
		WHERE room = $1`
	selectRules = `SELECT slow_ms, registered, paused, words, version, pinned FROM rooms_rules
		WHERE room = $1`
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
	forgetReporter = `UPDATE reports SET reporter_name = '' WHERE reporter = $1`
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
		var pinned string
		if err := tx.QueryRowContext(ctx, selectRules, room).Scan(&slow, &r.Registered, &r.Paused,
			&r.Words, &unused, &pinned); err != nil {
			return nil, err
		}
		r.Slow = time.Duration(slow) * time.Millisecond
		if err := change(&r); err != nil {
			return nil, err
		}
		_, err := tx.ExecContext(ctx, setSettings, room, r.Slow.Milliseconds(), r.Registered, r.Paused,
			storable(r.Words))
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

// clockSkew is how far the clocks of a server and of Redis may differ: a ban
// that has only just ended by the one may not have by the other.
const clockSkew = time.Minute

// RoomRules returns all rules of a room that are in force.
//
// The version is read first: what is read after it may be newer than it, never
// older. So rules that are told as those of a version have all of its changes.
func (s *Store) RoomRules(ctx context.Context, room string, now time.Time) (r chat.RoomRules, err error) {
	var slow int64
	var words, pinned string
	err = s.read.QueryRowContext(ctx, selectRules, room).Scan(&slow, &r.Registered, &r.Paused, &words,
		&r.Version, &pinned)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return chat.RoomRules{}, nil
	case err != nil:
		return chat.RoomRules{}, fmt.Errorf("read the rules of a room: %w", s.seen(err))
	}
	r.Slow, r.Pinned = time.Duration(slow)*time.Millisecond, chat.PinOf(pinned)
	r.Words = chat.WordsOf(words)
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
	if err := s.readAccess(ctx, room, &r); err != nil {
		return chat.RoomRules{}, fmt.Errorf("read who may be in a room: %w", s.seen(err))
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

func scanText(row scanner) (text string, err error) { return text, row.Scan(&text) }

// msOf returns a time as it is stored; 0 for the zero time.
func msOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"time"
)

// The audit log has an entry for what operators and admins do. Each entry is
// written in the transaction that does it: neither is there without the other.

// By is on whose behalf something is done, for the audit log.
type By struct {
	User   int64  // the account; 0: Operator
	Name   string // of the account, as it is now
	Reason string // may be empty
}

// Operator is the name in the audit log of whoever has the database: at the
// command line, or by a setting.
const Operator = "operator"

// AuditEntry is one entry of the audit log.
type AuditEntry struct {
	ID      int64 // given by the database
	At      time.Time
	By      By
	Action  string // a dotted word: see the Action constants
	Room    string // "": it is not about a room
	Target  AuditTarget
	Details string // a JSON object without secrets and without texts of messages; "": none
}

// AuditTarget is whom or what an entry is about. The name stays as it was.
type AuditTarget struct{ Kind, ID, Name string }

// TargetOf is an account as a target.
func TargetOf(user int64, name string) AuditTarget {
	return AuditTarget{Kind: TargetUser, ID: strconv.FormatInt(user, 10), Name: name}
}

// Kinds of targets.
const (
	TargetUser    = "user" // an account
	TargetGuest   = "guest"
	TargetAddress = "address"
	TargetInvite  = "invite"
)

// Actions on accounts.
const (
	ActionPassword = "user.passwd"
	ActionSessions = "user.sessions"
	ActionRole     = "user.role"
	ActionDelete   = "user.delete"
	ActionErase    = "user.erase" // with all that it has written
)

// Actions on guests.
const (
	ActionEraseGuest = "guest.erase"
)

// Actions on connections.
const (
	ActionClose  = "connection.close"
	ActionFollow = "connection.follow"
)

// Actions on the rules of rooms.
const (
	ActionMute   = "room.mute"
	ActionUnmute = "room.unmute"
	ActionBan    = "room.ban"
	ActionUnban  = "room.unban"
	ActionRules  = "room.rules"
)

// Actions of those who moderate rooms, besides the rules.
const (
	ActionKick     = "room.kick"
	ActionMessage  = "message.delete"
	ActionMessages = "messages.delete" // all of one author since a time
	ActionReport   = "report.close"
	ActionPin      = "room.pin"
	ActionUnpin    = "room.unpin"
)

// Actions on made rooms.
const (
	ActionRoomMake     = "room.make"
	ActionRoomSet      = "room.set"
	ActionRoomDelete   = "room.delete"
	ActionRoomOwner    = "room.owner" // the target owns it now; without a target: nobody
	ActionRoomRole     = "room.role"
	ActionRoomJoin     = "room.join"
	ActionRoomLeave    = "room.leave"
	ActionRoomRemove   = "room.remove"
	ActionRoomInvite   = "room.invite"
	ActionRoomUninvite = "room.uninvite"
)

const (
	insertAudit = `INSERT INTO audit (at, actor, actor_name, action, room, target_kind, target_id,
		target_name, reason, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	selectAudit = `SELECT id, at, actor, actor_name, action, room, target_kind, target_id, target_name,
		reason, details FROM audit WHERE (at, id) < ($1, $2) AND ($4 = '' OR action = $4 OR action LIKE $4 || '.%')
		AND ($5 = '' OR target_name = $5 OR target_id = $5) AND ($6 = '' OR actor_name = $6)
		AND ($7 = '' OR room = $7) ORDER BY at DESC, id DESC LIMIT $3`
	selectOldAudit = `SELECT min(at), max(at) FROM
		(SELECT at FROM audit WHERE at < $1 ORDER BY at LIMIT $2) batch`
	deleteAudit = `DELETE FROM audit WHERE at >= $1 AND at <= $2`
)

// record adds an entry to the audit log, in the transaction of what it is about.
// Its time is now, unless it has one.
func record(ctx context.Context, tx *sql.Tx, e AuditEntry) error {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	_, err := tx.ExecContext(ctx, insertAudit, e.At.UnixMilli(), e.By.User,
		cmp.Or(storable(e.By.Name), Operator), e.Action, storable(e.Room), e.Target.Kind, e.Target.ID,
		storable(e.Target.Name), storable(e.By.Reason), e.Details)
	if err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}

// Record adds an entry to the audit log. Its time is now, unless it has one.
func (t *Tx) Record(ctx context.Context, e AuditEntry) error { return record(ctx, t.tx, e) }

// AuditFilter says which entries of the audit log are wanted. An empty field
// matches all.
type AuditFilter struct {
	Action string // a whole one, or what is before its dot
	Target string // the name or the id
	Actor  string // the name
	Room   string
}

// Audit returns up to limit entries of the audit log, the newest first: those
// before an entry that it has returned, or the newest of all for the zero value.
func (s *Store) Audit(ctx context.Context, before AuditEntry, limit int) ([]AuditEntry, error) {
	return s.FindAudit(ctx, AuditFilter{}, before, limit)
}

// FindAudit is Audit for some of the entries. There is no index for that.
func (s *Store) FindAudit(ctx context.Context, f AuditFilter, before AuditEntry, limit int) (
	[]AuditEntry, error) {
	at := int64(math.MaxInt64)
	if before.ID != 0 {
		at = before.At.UnixMilli()
	}
	all, err := list(ctx, s.read, scanAudit, selectAudit, at, before.ID, limit, f.Action, f.Target,
		f.Actor, f.Room)
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	return all, nil
}

// ExpireAudit deletes the entries of the audit log from before a time, and
// returns how many, also with an error. It works in small transactions, and
// several servers may call it at once.
func (s *Store) ExpireAudit(ctx context.Context, before time.Time) (deleted int64, err error) {
	for {
		var first, last sql.NullInt64
		if err := s.read.QueryRowContext(ctx, selectOldAudit, before.UnixMilli(), expireBatch).Scan(
			&first, &last); err != nil {
			return deleted, fmt.Errorf("find old entries of the audit log: %w", err)
		}
		if !first.Valid {
			return deleted, nil
		}
		n, err := exec(ctx, s.write, deleteAudit, first.Int64, last.Int64)
		if err != nil {
			return deleted, fmt.Errorf("expire the audit log: %w", s.seen(err))
		}
		deleted += n
	}
}

func scanAudit(row scanner) (e AuditEntry, err error) {
	var at int64
	err = row.Scan(&e.ID, &at, &e.By.User, &e.By.Name, &e.Action, &e.Room, &e.Target.Kind, &e.Target.ID,
		&e.Target.Name, &e.By.Reason, &e.Details)
	e.At = fromMS(at)
	return e, err
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Operations of operators on accounts. Unlike the methods that users reach,
// these write the audit log.

// RoleAdmin is the role of an account that runs the whole. Every other account
// has the role "".
const RoleAdmin = "admin"

// errRole is a bug in the caller, which checks roles first.
var errRole = errors.New("no such role")

const (
	selectTarget = `SELECT name, role FROM users WHERE id = $1 AND deleted IS NULL`
	updateRole   = `UPDATE users SET role = $2 WHERE id = $1`

	selectUsers = `SELECT id, name, role, created, (SELECT count(*) FROM sessions s WHERE s.user_id = u.id
		AND s.expires > $1), 0, 0, 0 FROM users u WHERE name > $2 ORDER BY name LIMIT $3`
	selectUserFigures = `SELECT u.id, u.name, u.role, u.created, (SELECT count(*) FROM sessions s
		WHERE s.user_id = u.id AND s.expires > $1), (SELECT count(*) FROM members m WHERE m.user_id = u.id),
		coalesce(f.files, 0), coalesce(f.bytes, 0)
		FROM users u LEFT JOIN file_totals f ON f.name = $2 WHERE u.name = $3`
	selectUserSessions = `SELECT expires, token FROM sessions WHERE user_id = $1 AND expires > $2
		AND (expires, token) > ($3, $4) ORDER BY expires, token LIMIT $5`
)

// UserFigures is an account, and what it has.
type UserFigures struct {
	User
	Sessions int64 // that have not expired

	Chats            int64 // not in a page of Users
	Files, FileBytes int64 // likewise; with what is reserved for uploads
}

// UserSession is a session that has not expired.
type UserSession struct {
	Ends  time.Time
	token []byte // hash of the token, for the order of those that end together
}

// Users returns up to limit accounts in the order of their names, after a name.
func (s *Store) Users(ctx context.Context, after string, now time.Time, limit int) ([]UserFigures, error) {
	all, err := list(ctx, s.read, scanUserFigures, selectUsers, now.UnixMilli(), after, limit)
	if err != nil {
		return nil, fmt.Errorf("list the users: %w", err)
	}
	return all, nil
}

// UserFigures returns an account by its name. ErrNotFound: no such account, or
// deleted.
func (s *Store) UserFigures(ctx context.Context, name string, now time.Time) (UserFigures, error) {
	u, _, err := s.UserByName(ctx, name)
	if err != nil {
		return UserFigures{}, err
	}
	f, err := scanUserFigures(s.read.QueryRowContext(ctx, selectUserFigures, now.UnixMilli(),
		totalUser+strconv.FormatInt(u.ID, 10), name))
	if err != nil {
		return UserFigures{}, fmt.Errorf("read what a user has: %w", notFound(err))
	}
	return f, nil
}

func scanUserFigures(row scanner) (f UserFigures, err error) {
	var created int64
	err = row.Scan(&f.ID, &f.Name, &f.Role, &created, &f.Sessions, &f.Chats, &f.Files, &f.FileBytes)
	f.Created = fromMS(created)
	return f, err
}

// UserSessions returns up to limit sessions of a user, those that end first at
// the front, after one that it has returned or the zero value.
func (s *Store) UserSessions(ctx context.Context, user int64, now time.Time, after UserSession,
	limit int) ([]UserSession, error) {
	all, err := list(ctx, s.read, func(row scanner) (one UserSession, err error) {
		var ends int64
		err = row.Scan(&ends, &one.token)
		one.Ends = fromMS(ends)
		return one, err
	}, selectUserSessions, user, now.UnixMilli(), after.Ends.UnixMilli(), append([]byte{}, after.token...),
		limit)
	if err != nil {
		return nil, fmt.Errorf("list the sessions of a user: %w", err)
	}
	return all, nil
}

// ResetPassword is SetPassword for an operator. It returns how many sessions it
// has ended.
func (s *Store) ResetPassword(ctx context.Context, by By, user int64, hash string) (ended int64, err error) {
	err = s.operate(ctx, by, ActionPassword, user, func(tx *sql.Tx, _ string) (details string, err error) {
		ended, err = changeUser(ctx, tx, user, updateHash, hash)
		return sessionDetails(ended), err
	})
	if err != nil {
		return 0, fmt.Errorf("reset a password: %w", err)
	}
	return ended, nil
}

// EndSessions is DeleteSessions for an operator. It returns how many sessions it
// has ended. ErrNotFound: no such account, or deleted.
func (s *Store) EndSessions(ctx context.Context, by By, user int64) (ended int64, err error) {
	err = s.operate(ctx, by, ActionSessions, user, func(tx *sql.Tx, _ string) (details string, err error) {
		ended, err = endSessions(ctx, tx, user)
		return sessionDetails(ended), err
	})
	if err != nil {
		return 0, fmt.Errorf("end a user's sessions: %w", err)
	}
	return ended, nil
}

// SetRole gives an account a role: RoleAdmin or "". It reports whether that is
// another one than before; if not, nothing is recorded. ErrNotFound: no such
// account, or deleted.
func (s *Store) SetRole(ctx context.Context, by By, user int64, role string) (changed bool, err error) {
	if role != "" && role != RoleAdmin {
		return false, errRole
	}
	err = s.operate(ctx, by, ActionRole, user, func(tx *sql.Tx, old string) (details string, err error) {
		if changed = role != old; !changed {
			return "", errUnchanged
		}
		_, err = tx.ExecContext(ctx, updateRole, user, role)
		return fmt.Sprintf(`{"from":%q,"to":%q}`, old, role), err // roles are plain words
	})
	if errors.Is(err, errUnchanged) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("set a role: %w", err)
	}
	return changed, nil
}

// RemoveUser is DeleteUser for an operator, or EraseUser if erase is set.
func (s *Store) RemoveUser(ctx context.Context, by By, user int64, erase bool) error {
	action := ActionDelete
	if erase {
		action = ActionErase
	}
	err := s.operate(ctx, by, action, user, func(tx *sql.Tx, _ string) (details string, err error) {
		return "", s.deleteUser(ctx, tx, user, erase)
	})
	if err != nil {
		return fmt.Errorf("delete a user: %w", err)
	}
	return nil
}

// errUnchanged makes operate undo and record nothing.
var errUnchanged = errors.New("nothing to change")

// operate changes an account and records it, in one transaction. change gets the
// role that the account has, and returns the details for the audit log. Two
// changes of one account come one after the other.
func (s *Store) operate(ctx context.Context, by By, action string, user int64,
	change func(tx *sql.Tx, role string) (details string, err error)) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		target := TargetOf(user, "")
		var role string
		if err := tx.QueryRowContext(ctx, selectTarget+s.queries.forChange, user).Scan(
			&target.Name, &role); err != nil {
			return notFound(err)
		}
		details, err := change(tx, role)
		if err != nil {
			return err
		}
		return record(ctx, tx, AuditEntry{By: by, Action: action, Target: target, Details: details})
	})
}

// sessionDetails says in the audit log how many sessions have ended.
func sessionDetails(ended int64) string { return fmt.Sprintf(`{"sessions":%d}`, ended) }

package store

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"time"
)

// DeletedName is shown as the author of a message whose account is deleted.
// Nobody may register it.
const DeletedName = "deleted"

// User is an account.
type User struct {
	ID      int64
	Name    string // DeletedName once it is deleted
	Created time.Time
	Role    string // RoleAdmin or ""; not filled in for the other member of a chat
}

const (
	insertUser = `INSERT INTO users (id, name, skeleton, hash, created) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`
	selectUser     = `SELECT id, name, created, role, hash FROM users WHERE name = $1`
	selectSkeleton = `SELECT EXISTS (SELECT 1 FROM users WHERE skeleton = $1)`
	selectHash     = `SELECT hash FROM users WHERE id = $1 AND deleted IS NULL`
	updateHash     = `UPDATE users SET hash = $2 WHERE id = $1 AND deleted IS NULL`
	renewHash      = `UPDATE users SET hash = $3 WHERE id = $1 AND hash = $2 AND deleted IS NULL`
	eraseUser      = `UPDATE users SET name = NULL, hash = '', role = '', deleted = $2 WHERE id = $1
		AND deleted IS NULL`
	insertSession = `INSERT INTO sessions (token, user_id, expires) SELECT $1, id, $3 FROM users
		WHERE id = $2 AND hash = $4 AND deleted IS NULL`
	selectOne     = `SELECT 1 FROM users WHERE id = $1`
	selectSession = `SELECT u.id, u.name, u.created, u.role, s.expires FROM sessions s
		JOIN users u ON u.id = s.user_id WHERE s.token = $1 AND s.expires > $2 AND u.deleted IS NULL`
	deleteSession  = `DELETE FROM sessions WHERE token = $1 RETURNING user_id`
	deleteSessions = `DELETE FROM sessions WHERE user_id = $1`
	deleteExpired  = `DELETE FROM sessions WHERE expires <= $1`
	selectTwoUsers = `SELECT id FROM users WHERE id IN ($1, $2) AND deleted IS NULL ORDER BY id`

	// lockUser keeps others from creating chats of this user. It does not block
	// those who only check the foreign key, as each message of this user does:
	// they hold the lock of the chat, which the next statement waits for. Chats
	// are locked in the order of lockChats.
	lockUser      = `SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE`
	lockUserChats = `SELECT 1 FROM chats WHERE id IN (SELECT chat FROM members WHERE user_id = $1)
		ORDER BY id FOR UPDATE`
)

// Numbers of accounts are random. Redis, open sockets and limits know accounts
// by number, and may know accounts that this database has lost: it may be an
// older copy, or a replica that lagged behind. If numbers were counted, the next
// account would get the number of a lost one, and with it the private messages
// in its feed.
//
// Versions that counted used numbers below minUser. Those above maxUser are not
// exact in every JSON reader.
const (
	minUser = 1 << 32
	maxUser = 1 << 53
)

func newUserID() int64 { return minUser + rand.Int64N(maxUser-minUser) }

// CreateUser creates an account. ErrTaken: another account has the name or the
// skeleton, or had it before it was deleted; or, with a million accounts once in
// nine billion times, the new number.
func (s *Store) CreateUser(ctx context.Context, name, skeleton, hash string) (User, error) {
	u := User{ID: newUserID(), Name: name, Created: time.Now().Truncate(time.Millisecond).UTC()}
	n, err := exec(ctx, s.write, insertUser, u.ID, name, skeleton, hash, u.Created.UnixMilli())
	if err == nil && n == 0 {
		err = ErrTaken
	}
	if err != nil {
		return User{}, fmt.Errorf("create a user: %w", s.seen(err))
	}
	return u, nil
}

// UserByName returns the account with exactly this name, and its password hash.
// ErrNotFound: no such account, or deleted.
func (s *Store) UserByName(ctx context.Context, name string) (u User, hash string, err error) {
	var created int64
	if err := s.read.QueryRowContext(ctx, selectUser, name).Scan(
		&u.ID, &u.Name, &created, &u.Role, &hash); err != nil {
		return User{}, "", fmt.Errorf("find a user: %w", notFound(err))
	}
	u.Created = fromMS(created)
	return u, hash, nil
}

// UserByID returns a user. ErrNotFound: no such account, or deleted.
func (s *Store) UserByID(ctx context.Context, id int64) (u User, err error) {
	var created int64
	err = s.read.QueryRowContext(ctx, `SELECT id, name, created, role FROM users WHERE id = $1
		AND deleted IS NULL`, id).Scan(&u.ID, &u.Name, &created, &u.Role)
	if err != nil {
		return User{}, fmt.Errorf("read a user: %w", notFound(err))
	}
	u.Created = fromMS(created)
	return u, nil
}

// NameReserved reports whether an account has, or had before its deletion, a
// name that looks like this one.
func (s *Store) NameReserved(ctx context.Context, skeleton string) (reserved bool, err error) {
	if err := s.read.QueryRowContext(ctx, selectSkeleton, skeleton).Scan(&reserved); err != nil {
		return false, fmt.Errorf("look for a name: %w", err)
	}
	return reserved, nil
}

// Skeletons returns the skeletons of all names that are or were used by
// accounts, in the order of account ids, starting after the account after. last
// is the id of the last one returned.
func (s *Store) Skeletons(ctx context.Context, after int64, limit int) (
	skeletons []string, last int64, err error) {
	rows, err := s.read.QueryContext(ctx, `SELECT id, skeleton FROM users WHERE id > $1 ORDER BY id
		LIMIT $2`, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list names: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var one string
		if err := rows.Scan(&last, &one); err != nil {
			return nil, 0, fmt.Errorf("list names: %w", err)
		}
		skeletons = append(skeletons, one)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fmt.Errorf("list names: %w", err)
	}
	return skeletons, last, nil
}

// PasswordHash returns the password hash of a user. ErrNotFound: no such
// account, or deleted.
func (s *Store) PasswordHash(ctx context.Context, user int64) (hash string, err error) {
	if err := s.read.QueryRowContext(ctx, selectHash, user).Scan(&hash); err != nil {
		return "", fmt.Errorf("read a password's hash: %w", notFound(err))
	}
	return hash, nil
}

// SetPassword replaces the hash and ends all sessions of the user. ErrNotFound:
// no such account, or deleted.
func (s *Store) SetPassword(ctx context.Context, user int64, hash string) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		_, err := changeUser(ctx, tx, user, updateHash, hash)
		return err
	})
	if err != nil {
		return fmt.Errorf("set a password: %w", err)
	}
	return nil
}

// RenewHash replaces the hash by another hash of the same password, if it is
// still old. It ends no session. If the hash has changed since, RenewHash does
// nothing and returns nil.
func (s *Store) RenewHash(ctx context.Context, user int64, old, hash string) error {
	if _, err := s.write.ExecContext(ctx, renewHash, user, old, hash); err != nil {
		return fmt.Errorf("renew a password's hash: %w", err)
	}
	return nil
}

// DeleteUser deletes an account and ends its sessions. Its chats and messages
// stay for the other members, with their files but without its name, which is
// taken from its messages in rooms later (see Erasure); files that no message
// has are deleted. Nobody can register that name,
// or one that looks like it, again. ErrNotFound: no such account, or deleted
// before.
//
// It waits for writers in the user's chats. Later writers find the account
// deleted: no message is added after DeleteUser has returned.
func (s *Store) DeleteUser(ctx context.Context, user int64) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error { return s.deleteUser(ctx, tx, user, false) })
	if err != nil {
		return fmt.Errorf("delete a user: %w", err)
	}
	return nil
}

// EraseUser is DeleteUser, and has everything erased later that the account has
// written.
func (s *Store) EraseUser(ctx context.Context, user int64) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error { return s.deleteUser(ctx, tx, user, true) })
	if err != nil {
		return fmt.Errorf("delete a user and all messages: %w", err)
	}
	return nil
}

func (s *Store) deleteUser(ctx context.Context, tx *sql.Tx, user int64, erase bool) error {
	if err := s.leaveRooms(ctx, tx, user); err != nil {
		return err
	}
	if s.dialect == postgres { // SQLite has one writer at a time anyway
		for _, lock := range []string{lockUser, lockUserChats} {
			if _, err := tx.ExecContext(ctx, lock, user); err != nil {
				return err
			}
		}
	}
	return firstError(func() error { return s.leaveRooms(ctx, tx, user) }, // of since then
		func() error { return s.deleteFilesOfUser(ctx, tx, user) },
		func() error { return deleteBansOfUser(ctx, tx, user) },
		func() error { _, err := exec(ctx, tx, deleteBlocks, user); return err },
		func() error { return eraseAccount(ctx, tx, user, !erase) },
		func() error {
			_, err := changeUser(ctx, tx, user, eraseUser, time.Now().UnixMilli())
			return err
		})
}

// changeUser runs an update of one user and ends the user's sessions. It returns
// how many there were.
func changeUser(ctx context.Context, tx *sql.Tx, user int64, update string, value any) (
	ended int64, err error) {
	switch n, err := exec(ctx, tx, update, user, value); {
	case err != nil:
		return 0, err
	case n == 0:
		return 0, ErrNotFound
	}
	return endSessions(ctx, tx, user)
}

// CreateSession begins a session under the hash of its token, for a user whose
// password was checked: hash is what PasswordHash or UserByName returned.
// ErrNotFound: the user is unknown or deleted, or the password has changed
// since.
//
// The user's row is locked meanwhile. A call that ends the user's sessions
// either waits and ends this one too, or came first, and then the hash no
// longer matches. So no session outlives a change that it did not know of.
func (s *Store) CreateSession(ctx context.Context, tokenHash []byte, user int64, hash string,
	expires time.Time) error {
	n, err := exec(ctx, s.write, insertSession+s.queries.forShare, tokenHash, user, expires.UnixMilli(), hash)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("create a session: %w", err)
	}
	return nil
}

// SessionUser returns the user of an unexpired session. ErrNotFound: there is
// none.
func (s *Store) SessionUser(ctx context.Context, tokenHash []byte, now time.Time) (User, error) {
	session, err := s.Session(ctx, tokenHash, now)
	return session.User, err
}

// Session returns an unexpired session. ErrNotFound: there is none.
func (s *Store) Session(ctx context.Context, tokenHash []byte, now time.Time) (session Session, err error) {
	if s.dialect == postgres {
		session, err = s.sessions.ask(ctx, sessionAt{string(tokenHash), now.UnixMilli()})
	} else {
		var created, ends int64
		u := &session.User
		err = s.read.QueryRowContext(ctx, selectSession, tokenHash, now.UnixMilli()).Scan(
			&u.ID, &u.Name, &created, &u.Role, &ends)
		u.Created, session.Ends = fromMS(created), fromMS(ends)
	}
	if err != nil {
		return Session{}, fmt.Errorf("find a session: %w", notFound(err))
	}
	return session, nil
}

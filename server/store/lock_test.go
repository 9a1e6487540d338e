package store

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"livechat/internal/poll"
)

// openTwo opens a new PostgreSQL database with two users who have a chat.
func openTwo(t *testing.T) (s *Store, chat string, ann, bob User) {
	t.Helper()
	s, err := Open(t.Context(), SharedPostgres.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	for name, user := range map[string]*User{"ann": &ann, "bob": &bob} {
		*user = s.newUser(t, name)
	}
	chat = uuid.NewString()
	if _, _, err := s.CreateChat(t.Context(), chat, ann.ID, bob.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	return s, chat, ann, bob
}

// newUser creates an account.
func (s *Store) newUser(t *testing.T, name string) User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), name, name, "x")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// untilLocked returns when a statement waits for a lock.
func (s *Store) untilLocked(t *testing.T, what string) {
	t.Helper()
	s.untilLockedBy(t, what, "")
}

// untilLockedBy returns when this statement waits for a lock; "" means any
// statement.
func (s *Store) untilLockedBy(t *testing.T, what, statement string) {
	t.Helper()
	poll.Until(t, what, func() bool {
		var waiting int
		err := s.read.QueryRowContext(t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
				AND datname = current_database() AND $1 IN (query, '')`, statement).Scan(&waiting)
		return err == nil && waiting > 0
	})
}

// TestReadWaitsForWriter: a member who marks as read while a message is being
// committed counts that message.
func TestReadWaitsForWriter(t *testing.T) {
	t.Parallel()
	s, chat, ann, bob := openTwo(t)
	message := func() Message {
		return Message{ID: uuid.NewString(), Chat: chat, Author: ann.ID, Text: "x", At: time.Now()}
	}
	if _, _, err := s.AddMessage(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	var marking sync.WaitGroup
	err := s.inTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := s.addMessage(t.Context(), tx, message()); err != nil {
			return err
		}
		marking.Go(func() {
			if _, _, err := s.MarkRead(t.Context(), chat, bob.ID, 99); err != nil {
				t.Error(err)
			}
		})
		s.untilLocked(t, "MarkRead waits for the writer")
		return nil
	})
	marking.Wait()
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Chat(t.Context(), chat, bob.ID)
	if err != nil {
		t.Fatal(err)
	}
	if c.Read != 2 || c.Unread != 0 {
		t.Errorf("read %d, unread %d; want 2 and 0", c.Read, c.Unread)
	}
}

// TestDeadlockIsRetried: PostgreSQL ends one of two transactions that wait for each
// other; it is run again.
func TestDeadlockIsRetried(t *testing.T) {
	t.Parallel()
	s, _, ann, bob := openTwo(t)
	const touch = `UPDATE users SET hash = hash || 'y' WHERE id = $1`
	var runs atomic.Int32
	var both sync.WaitGroup
	var locked [2]chan struct{}
	for i := range locked {
		locked[i] = make(chan struct{})
	}
	for i, ids := range [2][2]int64{{ann.ID, bob.ID}, {bob.ID, ann.ID}} {
		var first sync.Once
		both.Go(func() {
			err := s.inTx(t.Context(), func(tx *sql.Tx) error {
				runs.Add(1)
				if _, err := tx.ExecContext(t.Context(), touch, ids[0]); err != nil {
					return err
				}
				first.Do(func() { close(locked[i]) })
				<-locked[1-i]
				_, err := tx.ExecContext(t.Context(), touch, ids[1])
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if n := runs.Load(); n < 3 {
		t.Errorf("%d runs: there was no deadlock", n)
	}
	for _, user := range []int64{ann.ID, bob.ID} {
		if hash, err := s.PasswordHash(t.Context(), user); err != nil || hash != "xyy" {
			t.Errorf("hash %q, %v", hash, err)
		}
	}
}

// TestRetriesLeaveTheWinnerTime: a transaction that lost is not run again at
// once, and not after its context has ended.
func TestRetriesLeaveTheWinnerTime(t *testing.T) {
	t.Parallel()
	s, _, _, _ := openTwo(t)
	runs := 0
	lose := func(*sql.Tx) error { runs++; return &pgconn.PgError{Code: "40P01"} }
	began := time.Now()
	if err := s.inTx(t.Context(), lose); !lostRace(err) || runs != attempts {
		t.Errorf("%v after %d attempts", err, runs)
	}
	if took := time.Since(began); took < 15*firstPause {
		t.Errorf("all attempts took %v", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	runs = 0
	err := s.inTx(ctx, func(tx *sql.Tx) error { cancel(); return lose(tx) })
	if !lostRace(err) || runs != 1 {
		t.Errorf("%v after %d attempts, the first of which ended its context", err, runs)
	}
}

// TestNoSessionOutlivesAChange: a session that is created with the old password
// while the password is changed or the account deleted is invalid.
func TestNoSessionOutlivesAChange(t *testing.T) {
	t.Parallel()
	s, _, ann, bob := openTwo(t)
	for _, change := range []struct {
		user   User
		update string
		value  any
	}{{ann, updateHash, "new"}, {bob, eraseUser, 1}} {
		var begun error
		var beginning sync.WaitGroup
		err := s.inTx(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(t.Context(), change.update, change.user.ID,
				change.value); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), deleteSessions, change.user.ID); err != nil {
				return err
			}
			beginning.Go(func() {
				begun = s.CreateSession(t.Context(), []byte("token"), change.user.ID, "x",
					time.Now().Add(time.Hour))
			})
			s.untilLocked(t, "CreateSession waits for the change")
			return nil
		})
		beginning.Wait()
		if err != nil || !errors.Is(begun, ErrNotFound) {
			t.Errorf("change: %v; session: %v, want %v", err, begun, ErrNotFound)
		}
	}
}

// TestChangesEndSessionsBeingCreated: a call that ends the sessions of a user waits for
// one that is being created, and ends it.
func TestChangesEndSessionsBeingCreated(t *testing.T) {
	t.Parallel()
	s, _, ann, _ := openTwo(t)
	for what, end := range map[string]func() error{
		"log out everywhere":  func() error { return s.DeleteSessions(t.Context(), ann.ID) },
		"change the password": func() error { return s.SetPassword(t.Context(), ann.ID, "x") },
	} {
		var ended error
		var ending sync.WaitGroup
		err := s.inTx(t.Context(), func(tx *sql.Tx) error {
			expires := time.Now().Add(time.Hour).UnixMilli()
			if _, err := tx.ExecContext(t.Context(), insertSession+s.queries.forShare, []byte("token"),
				ann.ID, expires, "x"); err != nil {
				return err
			}
			ending.Go(func() { ended = end() })
			s.untilLocked(t, what+" waits for the session")
			return nil
		})
		ending.Wait()
		if err != nil || ended != nil {
			t.Fatalf("%s: %v, %v", what, err, ended)
		}
		if _, err := s.SessionUser(t.Context(), []byte("token"), time.Now()); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: the session goes on: %v", what, err)
		}
	}
}

// whileIn runs do in a transaction that ends only when meanwhile waits for a
// lock.
func (s *Store) whileIn(t *testing.T, what string, do func(tx *sql.Tx) error, meanwhile func() error) {
	t.Helper()
	var after error
	var waiting sync.WaitGroup
	err := s.inTx(t.Context(), func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		waiting.Go(func() { after = meanwhile() })
		s.untilLocked(t, what)
		return nil
	})
	waiting.Wait()
	if err != nil || after != nil {
		t.Errorf("%s: %v, %v", what, err, after)
	}
}

// TestExpireInBatches: no transaction deletes more than a batch, so that none
// holds locks for long.
func TestExpireInBatches(t *testing.T) {
	t.Parallel()
	s, _, _, _ := openTwo(t)
	const batches = 3
	messages := make([]RoomMessage, batches*expireBatch)
	for i := range messages {
		messages[i] = RoomMessage{Room: "livechat", Epoch: "0123456789abcdef", Seq: int64(i + 1),
			ID: uuid.NewString(), Text: "x", At: time.Unix(int64(i), 0)}
	}
	if _, err := s.AddRoomMessages(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`CREATE TABLE deletions (tx BIGINT, n BIGINT)`,
		`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO deletions
			SELECT txid_current(), count(*) FROM gone; RETURN NULL; END $$`,
		`CREATE TRIGGER note AFTER DELETE ON room_messages REFERENCING OLD TABLE AS gone
			FOR EACH STATEMENT EXECUTE FUNCTION note()`,
	} {
		if _, err := s.write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	deleted, err := s.ExpireRooms(t.Context(), time.Now(), time.Hour, 0)
	if err != nil {
		t.Fatal(err)
	}
	var most, transactions int64
	err = s.read.QueryRowContext(t.Context(), `SELECT max(n), count(*) FROM (SELECT sum(n) n
		FROM deletions GROUP BY tx HAVING sum(n) > 0) d`).Scan(&most, &transactions)
	if err != nil || deleted != batches*expireBatch || most != expireBatch || transactions != batches {
		t.Errorf("deleted %d in %d transactions of up to %d, %v; want %d in %d", deleted, transactions,
			most, err, batches*expireBatch, batches)
	}
}

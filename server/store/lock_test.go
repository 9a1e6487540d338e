package store

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testpg"
)

// openTwo opens a new database on PostgreSQL, with two users who have a chat.
func openTwo(t *testing.T) (s *Store, chat string, ann, bob User) {
	t.Helper()
	s, err := Open(t.Context(), testpg.New(t).Database())
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

// newUser makes an account.
func (s *Store) newUser(t *testing.T, name string) User {
	t.Helper()
	u, err := s.CreateUser(t.Context(), name, name, "x")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// untilLocked returns when something waits for a lock.
func (s *Store) untilLocked(t *testing.T, what string) {
	t.Helper()
	s.untilLockedBy(t, what, "")
}

// untilLockedBy returns when this statement waits for a lock; "" is any.
func (s *Store) untilLockedBy(t *testing.T, what, statement string) {
	t.Helper()
	poll.Until(t, what, func() bool {
		var waiting int
		err := s.read.QueryRowContext(t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND $1 IN (query, '')`, statement).Scan(&waiting)
		return err == nil && waiting > 0
	})
}

// TestReadWaitsForWriter: who marks as read while a message is about to be committed counts that message.
func TestReadWaitsForWriter(t *testing.T) {
	s, chat, ann, bob := openTwo(t)
	message := func() Message {
		return Message{ID: uuid.NewString(), Chat: chat, Author: ann.ID, Text: "x", At: time.Now()}
	}
	if _, _, err := s.AddMessage(t.Context(), message()); err != nil {
		t.Fatal(err)
	}
	var marking sync.WaitGroup
	err := s.inTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := addMessage(t.Context(), tx, message()); err != nil {
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

// TestDeadlock: of two transactions that wait for one another PostgreSQL ends one, which is run again.
func TestDeadlock(t *testing.T) {
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

// TestNoSessionOutlivesAChange: a session that is begun by the password before, while that is being changed or the account deleted, is none.
func TestNoSessionOutlivesAChange(t *testing.T) {
	s, _, ann, bob := openTwo(t)
	for _, change := range []struct {
		user   User
		update string
		value  any
	}{{ann, updateHash, "new"}, {bob, eraseUser, 1}} {
		var begun error
		var beginning sync.WaitGroup
		err := s.inTx(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(t.Context(), change.update, change.user.ID, change.value); err != nil {
				return err
			}
			if _, err := tx.ExecContext(t.Context(), deleteSessions, change.user.ID); err != nil {
				return err
			}
			beginning.Go(func() {
				begun = s.CreateSession(t.Context(), []byte("token"), change.user.ID, "x", time.Now().Add(time.Hour))
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

// TestChangesEndWhatIsBegun: what ends the sessions of a user waits for one that is being begun, and ends it.
func TestChangesEndWhatIsBegun(t *testing.T) {
	s, _, ann, _ := openTwo(t)
	for what, end := range map[string]func() error{
		"log out everywhere":  func() error { return s.DeleteSessions(t.Context(), ann.ID) },
		"change the password": func() error { return s.SetPassword(t.Context(), ann.ID, "x") },
	} {
		var ended error
		var ending sync.WaitGroup
		err := s.inTx(t.Context(), func(tx *sql.Tx) error {
			expires := time.Now().Add(time.Hour).UnixMilli()
			if _, err := tx.ExecContext(t.Context(), insertSession+s.queries.forShare, []byte("token"), ann.ID, expires, "x"); err != nil {
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

// TestNoMessageBehindADeletion: an account is deleted when those who write to it, or begin a chat with it, at that moment have done so; who does it
// later is refused.
func TestNoMessageBehindADeletion(t *testing.T) {
	s, chat, ann, bob := openTwo(t)
	message := func(author User) Message {
		return Message{ID: uuid.NewString(), Chat: chat, Author: author.ID, Text: "x", At: time.Now()}
	}
	var last Message
	s.whileIn(t, "DeleteUser waits for the message", func(tx *sql.Tx) (err error) {
		last, err = addMessage(t.Context(), tx, message(ann))
		return err
	}, func() error { return s.DeleteUser(t.Context(), bob.ID) })
	if c, err := s.Chat(t.Context(), chat, ann.ID); err != nil || c.Last == nil || c.Last.ID != last.ID || c.Other.Name != DeletedName {
		t.Errorf("the chat is %+v, %v", c, err)
	}

	other := func() (User, func() error) { // with whom ann has a chat, and what writes in it
		u, err := s.CreateUser(t.Context(), uuid.NewString(), uuid.NewString(), "x")
		if err != nil {
			t.Fatal(err)
		}
		begin := func() error {
			_, _, err := s.CreateChat(t.Context(), uuid.NewString(), ann.ID, u.ID, time.Now())
			return err
		}
		return u, begin
	}
	eve, begin := other()
	if err := begin(); err != nil {
		t.Fatal(err)
	}
	chats, err := s.Chats(t.Context(), eve.ID, nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	chat = chats[0].ID
	s.whileIn(t, "messages of both wait for the deletion", func(tx *sql.Tx) error { return s.deleteUser(t.Context(), tx, eve.ID) }, func() error {
		_, _, toEve := s.AddMessage(t.Context(), message(ann))
		_, _, ofEve := s.AddMessage(t.Context(), message(eve))
		if !errors.Is(toEve, ErrGone) || !errors.Is(ofEve, ErrNotFound) {
			return fmt.Errorf("to her: %w; of hers: %w", toEve, ofEve)
		}
		return nil
	})

	cat, begin := other()
	s.whileIn(t, "a new chat waits for the deletion", func(tx *sql.Tx) error { return s.deleteUser(t.Context(), tx, cat.ID) }, func() error {
		if err := begin(); !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("a chat with her: %w", err)
		}
		return nil
	})
}

// TestDeletionKnowsNewChats: somebody writes in a chat that is made while its other account is being deleted. The deletion waits for him, too.
func TestDeletionKnowsNewChats(t *testing.T) {
	s, _, ann, bob := openTwo(t)
	eve := s.newUser(t, "eve")
	chat := uuid.NewString()
	create := func(tx *sql.Tx, id string, with User) error {
		_, _, err := s.createChat(t.Context(), tx, id, eve.ID, with.ID, 1)
		return err
	}
	var deleted error
	var deleting sync.WaitGroup
	err := s.inTx(t.Context(), func(writing *sql.Tx) error {
		err := s.inTx(t.Context(), func(bobs *sql.Tx) error {
			if err := create(bobs, uuid.NewString(), bob); err != nil {
				return err
			}
			err := s.inTx(t.Context(), func(anns *sql.Tx) error {
				if err := create(anns, chat, ann); err != nil {
					return err
				}
				deleting.Go(func() { deleted = s.DeleteUser(t.Context(), eve.ID) })
				s.untilLocked(t, "the deletion waits for the new chats")
				return nil
			})
			if err != nil {
				return err
			}
			_, err = addMessage(t.Context(), writing, Message{ID: uuid.NewString(), Chat: chat, Author: ann.ID, Text: "x", At: time.Now()})
			return err
		})
		if err == nil {
			s.untilLockedBy(t, "the deletion waits for who writes in one of them", lockUserChats)
		}
		return err
	})
	deleting.Wait()
	if err != nil || deleted != nil {
		t.Errorf("%v, %v", err, deleted)
	}
}

// whileIn runs do in a transaction that ends only when meanwhile waits for a lock.
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

// TestExpireInBatches: no transaction deletes more than a batch, so that none holds locks for long.
func TestExpireInBatches(t *testing.T) {
	s, _, _, _ := openTwo(t)
	const batches = 3
	messages := make([]RoomMessage, batches*expireBatch)
	for i := range messages {
		messages[i] = RoomMessage{Room: "livechat", Epoch: "0123456789abcdef", Seq: int64(i + 1), ID: uuid.NewString(), Text: "x", At: time.Unix(int64(i), 0)}
	}
	if _, err := s.AddRoomMessages(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{
		`CREATE TABLE deletions (tx BIGINT, n BIGINT)`,
		`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO deletions SELECT txid_current(), count(*) FROM gone; RETURN NULL; END $$`,
		`CREATE TRIGGER note AFTER DELETE ON room_messages REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note()`,
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
	err = s.read.QueryRowContext(t.Context(), `SELECT max(n), count(*) FROM (SELECT sum(n) n FROM deletions GROUP BY tx HAVING sum(n) > 0) d`).Scan(&most, &transactions)
	if err != nil || deleted != batches*expireBatch || most != expireBatch || transactions != batches {
		t.Errorf("deleted %d in %d transactions of up to %d, %v; want %d in %d", deleted, transactions, most, err, batches*expireBatch, batches)
	}
}

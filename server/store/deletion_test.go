package store

import (
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A deletion waits for messages to the account and for chats with it that are
// under way; later ones are refused.
func TestNoMessageAfterDeletion(t *testing.T) {
	t.Parallel()
	s, chat, ann, bob := openTwo(t)
	message := func(author User) Message {
		return Message{ID: uuid.NewString(), Chat: chat, Author: author.ID, Text: "x", At: time.Now()}
	}
	var last Message
	s.whileIn(t, "DeleteUser waits for the message", func(tx *sql.Tx) (err error) {
		last, err = s.addMessage(t.Context(), tx, message(ann))
		return err
	}, func() error { return s.DeleteUser(t.Context(), bob.ID) })
	if c, err := s.Chat(t.Context(), chat, ann.ID); err != nil || c.Last == nil || c.Last.ID != last.ID ||
		c.Other.Name != DeletedName {
		t.Errorf("the chat is %+v, %v", c, err)
	}

	// returns a user with whom ann has a chat, and a function that writes in it
	other := func() (User, func() error) {
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
	s.whileIn(t, "messages of both wait for the deletion",
		func(tx *sql.Tx) error { return s.deleteUser(t.Context(), tx, eve.ID, false) }, func() error {
			_, _, toEve := s.AddMessage(t.Context(), message(ann))
			_, _, ofEve := s.AddMessage(t.Context(), message(eve))
			if !errors.Is(toEve, ErrGone) || !errors.Is(ofEve, ErrNotFound) {
				return fmt.Errorf("to her: %w; of hers: %w", toEve, ofEve)
			}
			return nil
		})

	cat, begin := other()
	s.whileIn(t, "a new chat waits for the deletion",
		func(tx *sql.Tx) error { return s.deleteUser(t.Context(), tx, cat.ID, false) }, func() error {
			if err := begin(); !errors.Is(err, ErrNotFound) {
				return fmt.Errorf("a chat with her: %w", err)
			}
			return nil
		})
}

// TestDeletionWaitsForNewChats: a message is written in a chat that is created
// while its other account is being deleted. The deletion waits for that
// message, too.
func TestDeletionWaitsForNewChats(t *testing.T) {
	t.Parallel()
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
			_, err = s.addMessage(t.Context(), writing,
				Message{ID: uuid.NewString(), Chat: chat, Author: ann.ID, Text: "x", At: time.Now()})
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

package store

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestBlockExcludesOthers: what another block would exceed, or a chat of the two
// would break, is seen only after the block that is under way.
func TestBlockExcludesOthers(t *testing.T) {
	t.Parallel()
	s, _, ann, bob := openTwo(t)
	eve, dan := s.newUser(t, "eve"), s.newUser(t, "dan")
	now := time.Now()
	for _, statement := range []string{
		fmt.Sprintf(`INSERT INTO users (id, name, skeleton, hash, created)
			SELECT 1000000 + i, 'user' || i, 'user' || i, 'x', 0 FROM generate_series(1, %d) i`, MaxBlocks-1),
		fmt.Sprintf(`INSERT INTO blocks (user_id, blocked, since)
			SELECT %d, id, 0 FROM users WHERE name LIKE 'user%%'`, ann.ID),
	} {
		if err := s.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	blocks := func(user, other User) func(tx *sql.Tx) error {
		return func(tx *sql.Tx) error {
			_, err := s.block(t.Context(), tx, user.ID, other.ID, now)
			return err
		}
	}
	s.whileIn(t, "Block waits for the last block of the account", blocks(ann, bob), func() error {
		if _, err := s.Block(t.Context(), ann.ID, eve.ID, now); !errors.Is(err, ErrTooManyBlocks) {
			return fmt.Errorf("one too many: %w", err)
		}
		return nil
	})
	s.whileIn(t, "CreateChat waits for the block", blocks(bob, eve), func() error {
		_, _, err := s.CreateChat(t.Context(), uuid.NewString(), eve.ID, bob.ID, now)
		if !errors.Is(err, ErrBlocked) {
			return fmt.Errorf("a chat with who blocks: %w", err)
		}
		return nil
	})
	s.whileIn(t, "Block waits for the chat", func(tx *sql.Tx) error {
		_, _, err := s.createChat(t.Context(), tx, uuid.NewString(), eve.ID, dan.ID, now.UnixMilli())
		return err
	}, func() error {
		_, err := s.Block(t.Context(), dan.ID, eve.ID, now)
		return err
	})
}

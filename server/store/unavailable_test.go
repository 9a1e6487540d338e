package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testpg"
)

// TestUnavailablePostgres kills the server while a Store has connections to it.
func TestUnavailablePostgres(t *testing.T) {
	t.Parallel()
	server := testpg.New(t)
	s, err := Open(t.Context(), server.Database())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tx, err := s.write.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }()
	server.Kill()
	_, inTx := tx.ExecContext(t.Context(), deleteSessions, 1) // on a connection that is gone
	for what, err := range map[string]error{"in a transaction": inTx, "read": asked(s),
		"write": s.DeleteSessions(t.Context(), 1)} {
		if err == nil || !Unavailable(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Ping(ended); err == nil || Unavailable(err) {
		t.Errorf("cancelled query: %v", err)
	}
	server.Start()
	poll.Until(t, "the database is there again", func() bool { return asked(s) == nil })
	if _, err := s.read.ExecContext(t.Context(), "SELEKT"); err == nil || Unavailable(err) {
		t.Errorf("invalid query: %v", err)
	}
}

// asked reads something.
func asked(s *Store) error {
	_, err := s.NameReserved(context.Background(), "x")
	return err
}

// TestUnavailableSQLite queues behind a writer that does not finish.
func TestUnavailableSQLite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "livechat.db")
	s, err := Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	other, err := sql.Open(sqlite, "file:"+path) // without busy_timeout
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = s.inTx(t.Context(), func(*sql.Tx) error {
		_, err := other.ExecContext(t.Context(), deleteSessions, 1)
		if err == nil || !Unavailable(err) {
			t.Errorf("while another connection writes: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "SELEKT"); err == nil || Unavailable(err) {
		t.Errorf("invalid query: %v", err)
	}
	if Unavailable(ErrNotFound) || Unavailable(errors.New("else")) {
		t.Error("an unrelated error counts as away")
	}
}

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

// TestAwayPostgres kills the server under a Store that has connections to it.
func TestAwayPostgres(t *testing.T) {
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
	for what, err := range map[string]error{"in a transaction": inTx, "read": asked(s), "write": s.DeleteSessions(t.Context(), 1)} {
		if err == nil || !Away(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Ping(ended); err == nil || Away(err) {
		t.Errorf("what was cancelled: %v", err)
	}
	server.Start()
	poll.Until(t, "the database is there again", func() bool { return asked(s) == nil })
	if _, err := s.read.ExecContext(t.Context(), "SELEKT"); err == nil || Away(err) {
		t.Errorf("a mistake of ours: %v", err)
	}
}

// asked reads something.
func asked(s *Store) error {
	_, err := s.NameReserved(context.Background(), "x")
	return err
}

// TestAwaySQLite waits for a writer that does not end.
func TestAwaySQLite(t *testing.T) {
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
		if err == nil || !Away(err) {
			t.Errorf("while another one writes: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.ExecContext(t.Context(), "SELEKT"); err == nil || Away(err) {
		t.Errorf("a mistake of ours: %v", err)
	}
	if Away(ErrNotFound) || Away(errors.New("else")) {
		t.Error("what has nothing to do with it")
	}
}

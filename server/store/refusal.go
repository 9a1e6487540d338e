package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"livechat/server/chat"
)

// refusalOf extracts the reason from an error.
func refusalOf(err error) chat.Refusal {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch {
		case e.Code == "53100":
			return chat.Full
		case e.Code == "25006":
			return chat.ReadOnly
		case strings.HasPrefix(e.Code, "58"):
			return chat.RefusesWrites
		}
	}
	if e, ok := errors.AsType[*sqlitedriver.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_FULL:
			return chat.Full
		case sqlite3.SQLITE_READONLY:
			return chat.ReadOnly
		case sqlite3.SQLITE_IOERR:
			return chat.RefusesWrites
		}
	}
	return chat.NoRefusal
}

// refused is the last write that the database refused.
type refused struct {
	mu    sync.Mutex
	why   chat.Refusal // guarded by mu
	cause error        // guarded by mu
	at    time.Time    // guarded by mu
}

// seen records the outcome of a write and returns err.
func (s *Store) seen(err error) error {
	if why := refusalOf(err); why != chat.NoRefusal {
		s.refused.mu.Lock()
		defer s.refused.mu.Unlock()
		s.refused.why, s.refused.cause, s.refused.at = why, err, time.Now()
	}
	return err
}

// Refused returns why the database refused a write, of any caller, within the
// given time, and the error; NoRefusal if it did not.
func (s *Store) Refused(within time.Duration) (chat.Refusal, error) {
	s.refused.mu.Lock()
	defer s.refused.mu.Unlock()
	if time.Since(s.refused.at) > within {
		return chat.NoRefusal, nil
	}
	return s.refused.why, s.refused.cause
}

const (
	tryWrite = `INSERT INTO leases (name, holder, ends) VALUES ('write test', $1, 0)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder`
	roomyBytes = 8192
)

// TryWrite overwrites one row to find out whether the database takes writes. A
// full database may still have room for the usual few bytes; with roomy the row
// is larger than that.
func (s *Store) TryWrite(ctx context.Context, roomy bool) error {
	value := rand.Text()
	for roomy && len(value) < roomyBytes {
		value += rand.Text()
	}
	if _, err := s.write.ExecContext(ctx, tryWrite, value); err != nil {
		return fmt.Errorf("try to write: %w", s.seen(err))
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
)

// The kinds of events.
const (
	EventChat    = "chat"    // a chat was created; Author is who did
	EventMessage = "message" // Message, Text and N are those of a new message
	EventRead    = "read"    // Author has read up to N
)

// Event is something to be told to one user: an entry of the outbox, written in the transaction of what it tells.
type Event struct {
	Seq     int64  // its place in the outbox. Two events of one chat have the order in which they happened
	ID      string // UUID; two users' events of one message have two
	User    int64  // whose feed
	Kind    string
	Chat    string
	Message string // the message's id
	Author  string // a name
	Text    string
	N       int64
	At      time.Time
}

// event is what addEvents writes; names and texts are read from their tables, and are not there any more once they are deleted.
type event struct {
	kind, chat string
	n, author  int64
	at         int64
}

const (
	insertEvents = `
INSERT INTO outbox (id, user_id, kind, chat, n, author, at) VALUES ($1, $2, $5, $6, $7, $8, $9), ($3, $4, $5, $6, $7, $8, $9)`
	// Names and texts are looked up in the list of columns, for the reason given at selectMessages: on a new database the plan would be one for tables
	// that are still empty, and read all of them each time.
	selectOutbox = `
SELECT e.seq, e.id, e.user_id, e.kind, e.chat, e.n, e.at, coalesce((SELECT u.name FROM users u WHERE u.id = e.author), '` + DeletedName + `'),
       coalesce((SELECT CAST(m.id AS TEXT) FROM messages m WHERE e.kind = '` + EventMessage + `' AND m.chat = e.chat AND m.n = e.n), ''),
       coalesce((SELECT m.text FROM messages m WHERE e.kind = '` + EventMessage + `' AND m.chat = e.chat AND m.n = e.n), '')
FROM outbox e
ORDER BY e.seq
LIMIT $1`
	selectOutboxLag = `
SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox ORDER BY seq LIMIT $1) e), coalesce((SELECT at FROM outbox ORDER BY seq LIMIT 1), 0)`
)

// addEvents writes the event for both members of a chat.
func addEvents(ctx context.Context, tx *sql.Tx, e event, a, b int64) error {
	_, err := tx.ExecContext(ctx, insertEvents, uuid.NewString(), a, uuid.NewString(), b, e.kind, e.chat, e.n, e.author, e.at)
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// Outbox returns the first limit events that were not published yet, in the order of Seq. An event that was committed late may
// have a lower Seq than one seen before; it is never one of the same chat.
func (s *Store) Outbox(ctx context.Context, limit int) ([]Event, error) {
	events, err := list(ctx, s.read, scanEvent, selectOutbox, limit)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	return events, nil
}

func scanEvent(row scanner) (Event, error) {
	var e Event
	var at int64
	if err := row.Scan(&e.Seq, &e.ID, &e.User, &e.Kind, &e.Chat, &e.N, &at, &e.Author, &e.Message, &e.Text); err != nil {
		return Event{}, err
	}
	e.At = fromMS(at)
	return e, nil
}

// maxOutboxCount is as far as OutboxLag counts: it is asked every few seconds, and least of all when the database has much to do may it cost more.
const maxOutboxCount = 100_000

// OutboxLag returns how many events wait to be published, up to 100,000, and from when the first of them is: the zero time if there is none.
func (s *Store) OutboxLag(ctx context.Context) (waiting int64, oldest time.Time, err error) {
	var at int64
	err = s.read.QueryRowContext(ctx, selectOutboxLag, maxOutboxCount).Scan(&waiting, &at)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("measure the outbox: %w", err)
	}
	if waiting > 0 {
		oldest = fromMS(at)
	}
	return waiting, oldest, nil
}

// Published removes events from the outbox. Those that are gone already, since another server published them as well, are no error.
func (s *Store) Published(ctx context.Context, seqs []int64) error {
	if len(seqs) == 0 {
		return nil
	}
	var arg any = seqs
	if s.dialect == sqlite {
		b, err := json.Marshal(seqs)
		if err != nil {
			return fmt.Errorf("remove published events: %w", err)
		}
		arg = string(b)
	}
	var err error
	for range attempts { // a statement is a transaction of its own, which may lose against that of another server
		if _, err = s.write.ExecContext(ctx, s.queries.published, arg); !lostRace(err) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("remove published events: %w", err)
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"livechat/server/chat"
)

// Kinds of events.
const (
	EventChat    = chat.EventChat    // a chat was created, by Author
	EventMessage = chat.EventMessage // a new message; Message, Text and N are set
	EventRead    = chat.EventRead    // Author has read up to N
	EventEdit    = chat.EventEdit    // message N has another Text; Message is set
	EventDelete  = chat.EventDelete  // message N is deleted; Message is set
	// Author has changed the reactions to message N; Message and Reactions are
	// set
	EventReactions = chat.EventReactions
)

// Event is a notification to one user: an entry of the outbox, written in the
// same transaction as the change it reports. It stays there for a while after
// it was published.
type Event struct {
	// position in the outbox. Events of one chat have the order in which they
	// happened
	Seq     int64
	ID      string // UUID; each user's event has its own
	User    int64  // the user whose feed gets it
	Kind    string
	Chat    string
	Message string // id of the message
	Author  string // a name
	Text    string // as it is now; "" if the message is deleted
	Deleted bool   // the message, since
	N       int64
	At      time.Time
	// of the message as they are now, for EventReactions alone; see RoomMessage
	Reactions string
	Files     []chat.File // of the message as they are now, for EventMessage alone
	Resent    bool        // it was published before, and the feed may have lost it
	// of the feed in which the last event of User before this one was published;
	// "" if none is in the outbox that is not to be published again
	Epoch string
}

// event is what addEvents writes. Names and texts are read from their tables
// when the event is published, and are missing once they are deleted.
type event struct {
	kind, chat string
	n, author  int64
	at         int64
}

const (
	insertEvents = `
INSERT INTO outbox (id, user_id, kind, chat, n, author, at)
VALUES ($1, $2, $5, $6, $7, $8, $9), ($3, $4, $5, $6, $7, $8, $9)`
	insertEvent = `INSERT INTO outbox (id, user_id, kind, chat, n, author, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	atMessage   = ` AND m.chat = e.chat AND m.n = e.n`
	hasText     = `e.kind IN ('` + EventMessage + `', '` + EventEdit + `', '` + EventDelete + `')` + atMessage
	hasFiles    = `e.kind = '` + EventMessage + `'` + atMessage
	hasCounts   = `e.kind = '` + EventReactions + `'` + atMessage
	isOfMessage = `e.kind NOT IN ('` + EventChat + `', '` + EventRead + `')` + atMessage
	// Names and texts are looked up in the list of columns, as in
	// selectMessages: on a new database the plan would be one for empty tables,
	// and read all of each table every time.
	selectOutbox = `
SELECT e.seq, e.id, e.user_id, e.kind, e.chat, e.n, e.at,
       coalesce((SELECT u.name FROM users u WHERE u.id = e.author), '` + DeletedName + `'),
       coalesce((SELECT CAST(m.id AS TEXT) FROM messages m
                 WHERE ` + isOfMessage + `), ''),
       coalesce((SELECT m.text FROM messages m
                 WHERE ` + hasText + `), ''),
       coalesce((SELECT m.deleted FROM messages m
                 WHERE ` + hasText + `), FALSE),
       coalesce((SELECT m.reactions FROM messages m
                 WHERE ` + hasCounts + `), ''),
       coalesce((SELECT m.files FROM messages m
                 WHERE ` + hasFiles + `), ''),
       e.sent < 0,
       coalesce((SELECT p.epoch FROM outbox p
                 WHERE p.sent > 0 AND p.user_id = e.user_id AND p.seq < e.seq
                 ORDER BY p.user_id DESC, p.seq DESC LIMIT 1), '')
FROM outbox e
WHERE e.sent <= 0
ORDER BY e.seq
LIMIT $1`
	// Both conditions, because SQLite finds its index only by the first one.
	// Events that are to be published again do not count.
	selectOutboxLag = `
SELECT (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sent <= 0 AND sent = 0 ORDER BY seq LIMIT $1) e),
       coalesce((SELECT at FROM outbox WHERE sent <= 0 AND sent = 0 ORDER BY seq LIMIT 1), 0)`
	// markSent keeps the time of an event that was published before: it is
	// forgotten before Redis forgets its id.
	markSent     = `UPDATE outbox SET epoch = n.value, sent = CASE WHEN sent < 0 THEN -sent ELSE `
	resendAll    = `UPDATE outbox SET sent = -sent WHERE sent > 0`
	forgetEvents = `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE sent > 0 AND sent < %s - $1
		ORDER BY sent LIMIT $2)`
)

// addEvents writes the event for both members of a chat.
func addEvents(ctx context.Context, tx *sql.Tx, e event, a, b int64) error {
	_, err := tx.ExecContext(ctx, insertEvents, uuid.NewString(), a, uuid.NewString(), b, e.kind, e.chat,
		e.n, e.author, e.at)
	if err != nil {
		return fmt.Errorf("write events: %w", err)
	}
	return nil
}

// addEvent writes the event for one member of a chat.
func addEvent(ctx context.Context, tx *sql.Tx, e event, user int64) error {
	if _, err := tx.ExecContext(
		ctx, insertEvent, uuid.NewString(), user, e.kind, e.chat, e.n, e.author, e.at); err != nil {
		return fmt.Errorf("write an event: %w", err)
	}
	return nil
}

// Outbox returns the first limit events to be published, in the order of Seq. An
// event that was committed late may have a lower Seq than one returned before,
// but never one of the same chat.
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
	var files string
	if err := row.Scan(&e.Seq, &e.ID, &e.User, &e.Kind, &e.Chat, &e.N, &at, &e.Author, &e.Message,
		&e.Text, &e.Deleted, &e.Reactions, &files, &e.Resent, &e.Epoch); err != nil {
		return Event{}, err
	}
	e.At, e.Files = fromMS(at), parseFiles(files)
	return e, nil
}

// maxOutboxCount bounds the count of OutboxLag. It runs every few seconds and
// must not cost more when the database is busy.
const maxOutboxCount = 100_000

// OutboxLag returns the number of unpublished events, up to 100,000, and the
// time of the oldest: the zero time if there is none.
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

// Published notes that events are in their feeds, and in which epochs of those,
// by Seq. It ignores unknown ones, and those that were noted already.
func (s *Store) Published(ctx context.Context, epochs map[int64]string) error {
	if len(epochs) == 0 {
		return nil
	}
	b, err := json.Marshal(epochs)
	if err != nil {
		return fmt.Errorf("note published events: %w", err)
	}
	if err := s.execAgain(ctx, s.queries.published, string(b)); err != nil {
		return fmt.Errorf("note published events: %w", err)
	}
	return nil
}

// Resend makes Outbox return the events of some users once more, as far as they
// were published and are still remembered.
func (s *Store) Resend(ctx context.Context, users []int64) error {
	if len(users) == 0 {
		return nil
	}
	if err := s.execList(ctx, s.queries.resend, users); err != nil {
		return fmt.Errorf("resend events: %w", err)
	}
	return nil
}

// ResendAll does the same for all users.
func (s *Store) ResendAll(ctx context.Context) error {
	if _, err := exec(ctx, s.write, resendAll); err != nil {
		return fmt.Errorf("resend all events: %w", err)
	}
	return nil
}

// ForgetPublished removes at most limit events that were first published longer
// than age ago, and returns how many.
func (s *Store) ForgetPublished(ctx context.Context, age time.Duration, limit int) (int64, error) {
	n, err := exec(ctx, s.write, fmt.Sprintf(forgetEvents, s.queries.now), age.Milliseconds(), limit)
	if err != nil {
		return 0, fmt.Errorf("forget published events: %w", err)
	}
	return n, nil
}

// execList runs a statement whose only parameter is a list.
func (s *Store) execList(ctx context.Context, statement string, numbers []int64) error {
	var arg any = numbers
	if s.dialect == sqlite {
		b, err := json.Marshal(numbers)
		if err != nil {
			return err
		}
		arg = string(b)
	}
	return s.execAgain(ctx, statement, arg)
}

// execAgain runs a statement that is its own transaction, which may lose against
// another server's.
func (s *Store) execAgain(ctx context.Context, statement string, arg any) error {
	var err error
	for range attempts {
		if _, err = s.write.ExecContext(ctx, statement, arg); !lostRace(err) {
			break
		}
	}
	return err
}

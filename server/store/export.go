package store

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
)

// An export is NDJSON: one object a line, each with a field `type`. The first line is the header, the last one the end, by which an import
// knows that nothing is cut off; between them users, chats, messages and room messages, each kind in an order of its own, so that what a line
// refers to is above it. Times are Unix milliseconds. Not in it is what belongs to running servers: sessions (everybody logs in
// again), events that were not published yet, leases.
type (
	exportHeader struct {
		Type    string `json:"type"` // "livechat"
		Version int    `json:"version"`
	}
	exportUser struct {
		Type     string  `json:"type"` // "user"
		ID       int64   `json:"id"`
		Name     *string `json:"name,omitzero"` // not there once the account is deleted
		Skeleton string  `json:"skeleton"`
		Hash     string  `json:"hash"`
		Created  int64   `json:"created"`
		Deleted  *int64  `json:"deleted,omitzero"` // not there unless it is deleted
	}
	exportChat struct {
		Type    string `json:"type"` // "chat"
		ID      string `json:"id"`
		A       int64  `json:"a"` // the two members, the lower id first
		B       int64  `json:"b"`
		Created int64  `json:"created"`
		Updated int64  `json:"updated"`
		Last    int64  `json:"last"`   // so many messages it has
		ReadA   int64  `json:"read_a"` // a has read up to this one
		ReadB   int64  `json:"read_b"`
	}
	exportMessage struct {
		Type   string `json:"type"` // "message"
		Chat   string `json:"chat"`
		N      int64  `json:"n"`
		ID     string `json:"id"`
		Author int64  `json:"author"`
		Text   string `json:"text"`
		At     int64  `json:"at"`
	}
	exportRoomMessage struct {
		Type    string `json:"type"` // "room_message"
		Room    string `json:"room"`
		Epoch   string `json:"epoch"`
		Seq     int64  `json:"seq"`
		ID      string `json:"id"`
		App     string `json:"app"`
		Session string `json:"session"`
		Author  string `json:"author,omitzero"`
		Name    string `json:"name"`
		Text    string `json:"text"`
		At      int64  `json:"at"`
	}
	exportEnd struct {
		Type  string `json:"type"`  // "end"
		Lines int64  `json:"lines"` // between the header and this one
	}
)

// The types of the lines, and the version of the format.
const (
	typeHeader      = "livechat"
	typeUser        = "user"
	typeChat        = "chat"
	typeMessage     = "message"
	typeRoomMessage = "room_message"
	typeEnd         = "end"

	exportVersion = 1
)

const (
	exportUsers = `SELECT id, name, skeleton, hash, created, deleted FROM users ORDER BY id`
	// Both members of a chat are touched together, so there is one time for both.
	exportChats = `
SELECT c.id, c.a, c.b, c.created, c.last_n, a.read_n, b.read_n, a.updated
FROM chats c JOIN members a ON a.chat = c.id AND a.user_id = c.a JOIN members b ON b.chat = c.id AND b.user_id = c.b ORDER BY c.id`
	exportMessages = `SELECT chat, n, id, author, text, at FROM messages ORDER BY chat, n`
	// What no page shows is no part of an archive that has no log any more.
	exportRooms = `SELECT room, epoch, seq, id, app, session, name, text, at, author FROM room_messages m WHERE ` + inLog + ` ORDER BY `

	// The same order in every database, whatever its language.
	roomOrder         = `room, epoch, seq`
	roomOrderPostgres = `room COLLATE "C", epoch COLLATE "C", seq`
)

// Export writes everything that is in the store to w, as it is at one moment, and returns how many lines lie between the first and the
// last. It holds one row at a time; others read and write meanwhile. The output has the hashes of passwords, and what everybody wrote.
// What no database can keep (a zero byte, broken UTF-8) becomes U+FFFD, so that an export can always be imported.
func (s *Store) Export(ctx context.Context, w io.Writer) (lines int64, err error) {
	options := &sql.TxOptions{ReadOnly: true} // all that a transaction reads from SQLite is of one moment
	if s.dialect == postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, options)
	if err != nil {
		return 0, fmt.Errorf("export: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has changed nothing
	x := &exporter{ctx: ctx, tx: tx, w: bufio.NewWriterSize(w, 1<<16)}
	if err := x.all(s.dialect); err != nil {
		return 0, fmt.Errorf("export: %w", err)
	}
	return x.lines, nil
}

// exporter is one export under way.
type exporter struct {
	ctx   context.Context
	tx    *sql.Tx
	w     *bufio.Writer
	lines int64
}

func (x *exporter) all(dialect string) error {
	rooms := exportRooms + roomOrder
	if dialect == postgres {
		rooms = exportRooms + roomOrderPostgres
	}
	return firstError(
		func() error { return x.write(exportHeader{typeHeader, exportVersion}) },
		func() error { return exportAll(x, exportUsers, scanExportUser) },
		func() error { return exportAll(x, exportChats, scanExportChat) },
		func() error { return exportAll(x, exportMessages, scanExportMessage) },
		func() error { return exportAll(x, rooms, scanExportRoomMessage) },
		func() error { return x.write(exportEnd{typeEnd, x.lines}) },
		x.w.Flush,
	)
}

// firstError runs the steps until one fails.
func firstError(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) write(line any) error {
	if err := json.MarshalWrite(x.w, line); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return x.w.WriteByte('\n')
}

// exportAll writes a line for each row of a query.
func exportAll[T any](x *exporter, query string, scan func(scanner) (T, error)) error {
	rows, err := x.tx.QueryContext(x.ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		line, err := scan(rows)
		if err != nil {
			return err
		}
		if err := x.write(line); err != nil {
			return err
		}
		x.lines++
	}
	return rows.Err()
}

func scanExportUser(row scanner) (exportUser, error) {
	u := exportUser{Type: typeUser}
	err := row.Scan(&u.ID, &u.Name, &u.Skeleton, &u.Hash, &u.Created, &u.Deleted)
	if u.Name != nil {
		*u.Name = storable(*u.Name)
	}
	u.Skeleton, u.Hash = storable(u.Skeleton), storable(u.Hash)
	return u, err
}

func scanExportChat(row scanner) (exportChat, error) {
	c := exportChat{Type: typeChat}
	err := row.Scan(&c.ID, &c.A, &c.B, &c.Created, &c.Last, &c.ReadA, &c.ReadB, &c.Updated)
	return c, err
}

func scanExportMessage(row scanner) (exportMessage, error) {
	m := exportMessage{Type: typeMessage}
	err := row.Scan(&m.Chat, &m.N, &m.ID, &m.Author, &m.Text, &m.At)
	m.Text = storable(m.Text)
	return m, err
}

// scanExportRoomMessage has nothing to make storable: AddRoomMessages did.
func scanExportRoomMessage(row scanner) (exportRoomMessage, error) {
	m := exportRoomMessage{Type: typeRoomMessage}
	err := row.Scan(&m.Room, &m.Epoch, &m.Seq, &m.ID, &m.App, &m.Session, &m.Name, &m.Text, &m.At, &m.Author)
	return m, err
}

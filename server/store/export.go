package store

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// An export is NDJSON: one object per line, each with a field `type`. The first
// line is the header, and the last one the end, which tells an import that
// nothing is cut off. Between them are users, chats, messages, reactions to
// those, blocks, room messages, reactions to those, made rooms and their members, rules
// of rooms, mutes and bans, files, and the audit log, each kind in its own
// order, so that a line refers only to lines above it. Times are Unix
// milliseconds. The state of running servers is left out: sessions (users log in
// again), invites, unpublished events and leases.
type (
	exportHeader struct {
		Type    string `json:"type"` // "livechat"
		Version int    `json:"version"`
	}
	exportUser struct {
		Type     string  `json:"type"` // "user"
		ID       int64   `json:"id"`
		Name     *string `json:"name,omitzero"` // absent once the account is deleted
		Skeleton string  `json:"skeleton"`
		Hash     string  `json:"hash"`
		Created  int64   `json:"created"`
		Deleted  *int64  `json:"deleted,omitzero"` // absent unless the account is deleted
		Role     string  `json:"role,omitzero"`
	}
	exportChat struct {
		Type    string `json:"type"` // "chat"
		ID      string `json:"id"`
		A       int64  `json:"a"` // the two members, the lower id first
		B       int64  `json:"b"`
		Created int64  `json:"created"`
		Updated int64  `json:"updated"`
		Last    int64  `json:"last"`   // number of messages
		ReadA   int64  `json:"read_a"` // a has read up to this message
		ReadB   int64  `json:"read_b"`
	}
	exportMessage struct {
		Type    string `json:"type"` // "message"
		Chat    string `json:"chat"`
		N       int64  `json:"n"`
		ID      string `json:"id"`
		Author  int64  `json:"author"`
		Text    string `json:"text"`
		At      int64  `json:"at"`
		Edited  int64  `json:"edited,omitzero"`  // when it got its text by an edit
		Deleted bool   `json:"deleted,omitzero"` // it had a text

		Reactions jsontext.Value `json:"reactions,omitzero"` // how many, by emoji
		Files     jsontext.Value `json:"files,omitzero"`     // as in frames
	}
	exportPrivateReaction struct {
		Type  string `json:"type"` // "message_reaction"
		Chat  string `json:"chat"`
		N     int64  `json:"n"`
		User  int64  `json:"user"`
		Emoji string `json:"emoji"`
		At    int64  `json:"at"`
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
		Entry   string `json:"entry,omitzero"`    // type of an entry that is not a message
		Extra   string `json:"extra,omitzero"`    // its further members, as JSON
		Edited  int64  `json:"edited,omitzero"`   // when a message got its text by an edit
		EditSeq int64  `json:"edit_seq,omitzero"` // and the number of that
		Deleted bool   `json:"deleted,omitzero"`  // it had a text
		At      int64  `json:"at"`

		Reactions jsontext.Value `json:"reactions,omitzero"` // how many, by emoji
	}
	exportReaction struct {
		Type   string `json:"type"` // "reaction"
		Room   string `json:"room"`
		Target string `json:"target"` // the id of the message
		Person string `json:"person"`
		Emoji  string `json:"emoji"`
		Author string `json:"author,omitzero"`
		Name   string `json:"name"`
		At     int64  `json:"at"`
		On     bool   `json:"on"` // false: it was taken back
	}
	exportEnd struct {
		Type  string `json:"type"`  // "end"
		Lines int64  `json:"lines"` // lines between the header and this one
	}
)

// Types of lines, and the version of the format.
const (
	typeHeader      = "livechat"
	typeUser        = "user"
	typeChat        = "chat"
	typeMessage     = "message"
	typeRoomMessage = "room_message"

	typePrivateReaction = "message_reaction"
	typeReaction        = "reaction"
	typeEnd             = "end"

	exportVersion = 1
)

const (
	// A server from before roles leaves that of an account which it deletes.
	exportUsers = `SELECT id, name, skeleton, hash, created, deleted,
		CASE WHEN deleted IS NULL THEN role ELSE '' END FROM users ORDER BY id`
	// Both members of a chat are updated together, so one time stands for both.
	exportChats = `
SELECT c.id, c.a, c.b, c.created, c.last_n, a.read_n, b.read_n, a.updated
FROM chats c JOIN members a ON a.chat = c.id AND a.user_id = c.a JOIN members b ON b.chat = c.id
AND b.user_id = c.b ORDER BY c.id`
	exportMessages = `SELECT chat, n, id, author, text, at, edited, deleted, reactions, files FROM messages
		ORDER BY chat, n`
	exportPrivateReactions = `SELECT chat, n, user_id, emoji, at FROM message_reactions
		ORDER BY chat, n, user_id, `
	// Messages past the end of their epoch, which no page shows, are not
	// exported.
	exportRooms = `SELECT ` + roomColumns + `, edit_seq FROM room_messages m
		WHERE ` + inLog + ` ORDER BY `
	exportReactions = `SELECT room, target, person, emoji, author, name, at, is_on FROM room_reactions
		ORDER BY `

	// The same order in every database, whatever its collation.
	roomOrder             = `room, epoch, seq`
	roomOrderPostgres     = `room COLLATE "C", epoch COLLATE "C", seq`
	reactionOrder         = `room, target, person, emoji`
	reactionOrderPostgres = `room COLLATE "C", target COLLATE "C", person COLLATE "C", emoji COLLATE "C"`
)

// Export writes a snapshot of the store to w and returns how many records of
// each kind it wrote. It holds one row at a time; reads and writes go on
// meanwhile. The output contains password hashes and all messages. Text that no
// database can store (a zero byte, invalid UTF-8) becomes U+FFFD, so that an
// export can always be imported.
// Of files it has the rows alone, for who copies the files' store beside it.
func (s *Store) Export(ctx context.Context, w io.Writer) (Counts, error) {
	return s.ExportWith(ctx, w, nil)
}

// ExportWith does the same, with the bytes of files.
func (s *Store) ExportWith(ctx context.Context, w io.Writer, bytes FileBytes) (Counts, error) {
	options := &sql.TxOptions{ReadOnly: true} // in SQLite a transaction reads a snapshot anyway
	if s.dialect == postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	tx, err := s.read.BeginTx(ctx, options)
	if err != nil {
		return Counts{}, fmt.Errorf("export: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was changed
	x := &exporter{ctx: ctx, tx: tx, w: bufio.NewWriterSize(w, 1<<16), bytes: bytes}
	if err := x.all(s.dialect); err != nil {
		return Counts{}, fmt.Errorf("export: %w", err)
	}
	return x.counts, nil
}

// exporter is one export under way.
type exporter struct {
	ctx    context.Context
	tx     *sql.Tx
	w      *bufio.Writer
	bytes  FileBytes // nil: leave them out
	counts Counts
}

func (x *exporter) all(dialect string) error {
	rooms, reactions := exportRooms+roomOrder, exportReactions+reactionOrder
	private := exportPrivateReactions + `emoji`
	if dialect == postgres {
		rooms, reactions = exportRooms+roomOrderPostgres, exportReactions+reactionOrderPostgres
		private = exportPrivateReactions + `emoji COLLATE "C"`
	}
	return firstError(
		func() error { return x.write(exportHeader{typeHeader, exportVersion}) },
		func() error { return exportAll(x, typeUser, exportUsers, scanExportUser) },
		func() error { return exportAll(x, typeChat, exportChats, scanExportChat) },
		func() error { return exportAll(x, typeMessage, exportMessages, scanExportMessage) },
		func() error { return exportAll(x, typePrivateReaction, private, scanExportPrivateReaction) },
		func() error { return exportAll(x, typeBlock, exportBlocks, scanExportBlock) },
		func() error { return exportAll(x, typeRoomMessage, rooms, scanExportRoomMessage) },
		func() error { return exportAll(x, typeReaction, reactions, scanExportReaction) },
		func() error { return x.madeRooms(dialect) },
		func() error { return x.roomRules(dialect) },
		x.files,
		func() error { return exportAll(x, typeAudit, exportAudits, scanExportAudit) },
		func() error { return x.write(exportEnd{typeEnd, x.counts.Lines()}) },
		x.w.Flush,
	)
}

// firstError runs the steps until one fails and returns its error.
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

// exportAll writes a line for each row of a query, and counts them as kind.
func exportAll[T any](x *exporter, kind, query string, scan func(scanner) (T, error)) error {
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
		*x.counts.of(kind)++
	}
	return rows.Err()
}

func scanExportUser(row scanner) (exportUser, error) {
	u := exportUser{Type: typeUser}
	err := row.Scan(&u.ID, &u.Name, &u.Skeleton, &u.Hash, &u.Created, &u.Deleted, &u.Role)
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
	var reactions, files string
	err := row.Scan(&m.Chat, &m.N, &m.ID, &m.Author, &m.Text, &m.At, &m.Edited, &m.Deleted, &reactions,
		&files)
	m.Text, m.Reactions, m.Files = storable(m.Text), jsonValue(reactions), jsonValue(files)
	return m, err
}

// jsonValue returns JSON of a column as a member; absent if there is none.
func jsonValue(column string) jsontext.Value {
	if column == "" {
		return nil
	}
	return jsontext.Value(column)
}

// scanExportRoomMessage does not call storable: AddRoomMessages has.
func scanExportRoomMessage(row scanner) (exportRoomMessage, error) {
	m := exportRoomMessage{Type: typeRoomMessage}
	var reactions string
	err := row.Scan(&m.Room, &m.Epoch, &m.Seq, &m.ID, &m.App, &m.Session, &m.Name, &m.Text, &m.At, &m.Author,
		&m.Entry, &m.Extra, &m.Edited, &m.Deleted, &reactions, &m.EditSeq)
	m.Reactions = jsonValue(reactions)
	return m, err
}

package store

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxLine is the longest line of an export in bytes: a message of a million
	// characters, each of them escaped.
	maxLine = 16 << 20
	// importIndexed is how many messages are indexed at a time after an import.
	importIndexed = 1000

	isEmpty = `SELECT NOT EXISTS (SELECT 1 FROM users) AND NOT EXISTS (SELECT 1 FROM chats)
		AND NOT EXISTS (SELECT 1 FROM room_messages) AND NOT EXISTS (SELECT 1 FROM room_reactions)
		AND NOT EXISTS (SELECT 1 FROM rooms) AND NOT EXISTS (SELECT 1 FROM rooms_rules)
		AND NOT EXISTS (SELECT 1 FROM bans)
		AND NOT EXISTS (SELECT 1 FROM files) AND NOT EXISTS (SELECT 1 FROM audit)`
	// Blocks other writers until the import is done. Readers go on.
	lockTables = `LOCK TABLE users, sessions, chats, members, messages, message_reactions, blocks, outbox,
		room_messages, room_reactions, rooms, room_members, room_invites, rooms_rules, bans, files, uploads,
		file_totals, audit IN SHARE ROW EXCLUSIVE MODE`
	// Earlier versions, which may run on this database too, count the numbers of
	// accounts. SQLite does this itself.
	moveSequence = `SELECT setval(pg_get_serial_sequence('users', 'id'), max(id))
		FROM users HAVING max(id) IS NOT NULL`

	importUser = `INSERT INTO users (id, name, skeleton, hash, created, deleted, role)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	importChat   = `INSERT INTO chats (id, a, b, created, last_n) VALUES ($1, $2, $3, $4, $5)`
	importMember = `INSERT INTO members (chat, user_id, other, read_n, updated)
		VALUES ($1, $2, $3, $4, $5)`
	importMessage = `INSERT INTO messages (chat, n, id, author, text, at, edited, deleted, reactions,
		files) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	// Of a member of the chat.
	importPrivateReaction = `INSERT INTO message_reactions (chat, n, user_id, emoji, at)
		SELECT m.chat, m.n, k.user_id, $4, $5 FROM messages m JOIN members k ON k.chat = m.chat
		WHERE m.chat = $1 AND m.n = $2 AND k.user_id = $3`
	importRoom = addRoomColumns + `, edited, edit_seq, reactions)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
		$18)
		ON CONFLICT (room, epoch, seq) DO NOTHING`
	countAll = `
UPDATE members SET unread = (SELECT count(*) FROM messages m WHERE m.chat = members.chat
AND m.n > members.read_n AND m.author <> members.user_id AND NOT m.deleted)`
	selectImported = `SELECT a, b, last_n FROM chats WHERE id = $1`
	countFilled    = `SELECT count(*) FROM chats WHERE last_n > 0`
)

// Errors of an import other than malformed JSON.
var (
	errNotEmpty = errors.New("the store is not empty")
	errHeader   = fmt.Errorf(`want {"type":%q,"version":%d} here`, typeHeader, exportVersion)
	errCutOff   = errors.New("the export is cut off: its last line is missing")
)

// Import reads what Export wrote, from either database, into a store without
// users, chats, room messages, reactions, made rooms, rules, files or an audit log. It
// returns how many records of each kind it read. It imports all or nothing:
// after an error, which names the line, the store is as it was. Input is checked
// strictly, and errors do not quote it. Other servers cannot write to the store
// meanwhile. It skips the bytes of files.
func (s *Store) Import(ctx context.Context, r io.Reader) (Counts, error) {
	return s.ImportWith(ctx, r, nil)
}

// ImportWith does the same, and stores the bytes of files.
func (s *Store) ImportWith(ctx context.Context, r io.Reader, bytes FileBytes) (counts Counts, err error) {
	im := &importer{ctx: ctx, bytes: bytes, prepared: map[string]*sql.Stmt{}}
	defer func() {
		if err != nil {
			im.dropFiles(err)
		}
	}()
	// Not inTx: a second attempt would find r already read.
	err = s.tryTx(ctx, func(tx *sql.Tx) error {
		if s.dialect == postgres {
			if _, err := tx.ExecContext(ctx, lockTables); err != nil {
				return fmt.Errorf("lock the tables: %w", err)
			}
		}
		var empty bool
		if err := tx.QueryRowContext(ctx, isEmpty).Scan(&empty); err != nil {
			return err
		}
		if !empty {
			return errNotEmpty
		}
		im.tx = tx
		if err := im.read(r); err != nil {
			return fmt.Errorf("line %d: %w", im.line, err)
		}
		counts = im.counts
		if _, err := tx.ExecContext(ctx, countAll); err != nil {
			return fmt.Errorf("count unread messages: %w", err)
		}
		if err := s.recountFiles(ctx, tx); err != nil {
			return fmt.Errorf("count files: %w", err)
		}
		if s.dialect == postgres {
			if _, err := tx.ExecContext(ctx, moveSequence); err != nil {
				return fmt.Errorf("move the sequence: %w", err)
			}
		}
		return nil
	})
	if err != nil {
		return Counts{}, fmt.Errorf("import: %w", err)
	}
	for {
		// If this fails, a running server indexes the rest.
		if n, err := s.IndexWords(ctx, importIndexed); err != nil || n == 0 {
			return counts, nil
		}
	}
}

// importer is one import under way.
type importer struct {
	ctx      context.Context
	tx       *sql.Tx
	prepared map[string]*sql.Stmt // closed with the transaction
	line     int64                // number of the current line, from 1
	counts   Counts
	ended    bool

	chat   exportChat // the chat whose messages are being read
	n      int64      // messages of it that were read
	filled int64      // chats that have got all their messages

	bytes   FileBytes     // nil: skip them
	file    *importedFile // whose bytes are being read; nil: none
	written []writtenPart
}

func (im *importer) read(r io.Reader) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 1<<16), maxLine)
	for im.line = 1; scan.Scan(); im.line++ {
		if err := im.take(scan.Bytes()); err != nil {
			return err
		}
	}
	switch err := scan.Err(); {
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case im.line == 1:
		return errHeader
	case !im.ended:
		return errCutOff
	}
	return nil
}

// take reads one line.
func (im *importer) take(line []byte) error {
	if im.ended {
		return errors.New("there is a line after the end")
	}
	fields, kind, err := openLine(line)
	if err != nil {
		return err
	}
	if (im.line == 1) != (kind == typeHeader) {
		return errHeader
	}
	if kind != typePiece {
		if err := im.endFile(); err != nil {
			return err
		}
	}
	switch kind {
	case typeHeader:
		return takeAs(fields, line, func(h exportHeader) error {
			if h.Version != exportVersion {
				return fmt.Errorf("unknown version %d of the format", h.Version)
			}
			return nil
		})
	case typeEnd:
		return takeAs(fields, line, im.end)
	}
	return im.takeRecord(kind, fields, line)
}

// takeRecord counts and imports a record of a kind.
func (im *importer) takeRecord(kind string, fields map[string]jsontext.Value, line []byte) error {
	if n := im.counts.of(kind); n != nil {
		*n++
	}
	switch kind {
	case typeUser:
		return takeAs(fields, line, im.user)
	case typeChat:
		return takeAs(fields, line, im.newChat)
	case typeMessage:
		return takeAs(fields, line, im.message)
	case typePrivateReaction:
		return takeAs(fields, line, im.privateReaction)
	case typeBlock:
		return takeAs(fields, line, im.block)
	case typeRoomMessage:
		return takeAs(fields, line, im.roomMessage)
	case typeReaction:
		return takeAs(fields, line, im.reaction)
	case typeMadeRoom:
		return takeAs(fields, line, im.madeRoom)
	case typeRoomMember:
		return takeAs(fields, line, im.roomMember)
	case typeRules:
		return takeAs(fields, line, im.rules)
	case typeBan:
		return takeAs(fields, line, im.ban)
	case typeFile:
		return takeAs(fields, line, im.newFile)
	case typePiece:
		return takeAs(fields, line, im.piece)
	case typeAudit:
		return takeAs(fields, line, im.audit)
	}
	return errors.New("unknown type")
}

// openLine parses a line as an object and returns its fields and its type.
func openLine(line []byte) (fields map[string]jsontext.Value, kind string, err error) {
	if err := json.Unmarshal(line, &fields); err != nil || fields == nil {
		if syntax, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
			return nil, "", fmt.Errorf("not JSON at byte %d", syntax.ByteOffset)
		}
		return nil, "", errors.New("not a JSON object")
	}
	if err := json.Unmarshal(fields["type"], &kind); err != nil || kind == "" {
		return nil, "", errors.New("type is missing")
	}
	return fields, kind, nil
}

// takeAs parses a line as a T. The line must have all fields of T, no others,
// and no nulls.
func takeAs[T any](fields map[string]jsontext.Value, line []byte, do func(T) error) error {
	known := 0
	for field := range reflect.TypeFor[T]().Fields() {
		name, option, _ := strings.Cut(field.Tag.Get("json"), ",")
		value, there := fields[name]
		switch {
		case there && bytes.Equal(value, []byte("null")):
			return fmt.Errorf("field %q is null", name)
		case there:
			known++
		case option == "":
			return fmt.Errorf("field %q is missing", name)
		}
	}
	if known < len(fields) {
		return errors.New("unknown field")
	}
	var record T
	if err := json.Unmarshal(line, &record); err != nil {
		if e, ok := errors.AsType[*json.SemanticError](err); ok { // the text of e quotes the value
			return fmt.Errorf("field %q is not of type %v", strings.TrimPrefix(string(e.JSONPointer), "/"),
				e.GoType)
		}
		return errors.New("not JSON")
	}
	return do(record)
}

// insert adds one row. The errors of both databases name the violated
// constraint, not the value.
func (im *importer) insert(statement string, args ...any) (int64, error) {
	insert := im.prepared[statement]
	if insert == nil {
		var err error
		if insert, err = im.tx.PrepareContext(im.ctx, statement); err != nil {
			return 0, err
		}
		im.prepared[statement] = insert
	}
	result, err := insert.ExecContext(im.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// A file is a row from the moment its bytes are all there, until they are gone.
// It is claimed for one message, once. A deleted file is only marked, so that
// no bytes are left without a row. When they are gone the row stays for a
// while, and as long as an archived message names the file: the id stays taken.

// Errors about files that callers branch on.
var (
	// no such file, another owner's, in another message, or deleted
	ErrNoFile = errors.New("no such file")
)

// StoredFile is a file as the database knows it.
type StoredFile struct {
	chat.File
	Kinds   []string // media types of the previews
	Owner   string   // the author who uploaded it; "" if unknown
	User    int64    // the account of that; 0: a guest
	Hash    string   // SHA-256 of the original, in hexadecimal
	Stored  int64    // bytes with the previews
	Sent    int64    // bytes as they were uploaded; 0: as many as Size
	Created time.Time
	Room    string // of the message that has it; "" unless it is in a room
	Chat    string // likewise; "" unless it is in a private chat
	Message string // "": no message has it
	Deleted bool   // its bytes are gone, or will be soon
	Gone    bool   // they are
}

const (
	fileColumns = `id, owner, user_id, name, type, size, hash, width, height, previews, stored, alt, created,
		room, coalesce(CAST(chat AS TEXT), ''), message, deleted, received`
	selectFile = `SELECT ` + fileColumns + ` FROM files WHERE id = $1`
	insertFile = `INSERT INTO files (id, owner, user_id, name, type, size, hash, width, height, previews,
		stored, created, received) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (id) DO NOTHING`
	setMessageFiles = `UPDATE messages SET files = $3 WHERE chat = $1 AND n = $2`
)

// Of a private chat only for members, of a closed room only for those who may
// be there.
var selectFileFor = `SELECT ` + fileColumns + ` FROM files f WHERE id = $1 AND deleted = 0 AND (chat IS NULL
	OR EXISTS (SELECT 1 FROM members m WHERE m.chat = f.chat AND m.user_id = $2))
	AND NOT ` + hiddenFrom(`f.room`, `$2`, `$3`)

// File returns a file that a user, 0 for a guest, may fetch: one of a private
// chat or of a closed room only if the user may read that now. ErrNoFile: there
// is none, or it is deleted.
func (s *Store) File(ctx context.Context, id string, user int64) (StoredFile, error) {
	return s.oneFile(ctx, id, selectFileFor, id, user, time.Now().UnixMilli())
}

// AnyFile returns a file, whoever may fetch it, also if it is deleted and its id
// is still taken. ErrNoFile: there is none.
func (s *Store) AnyFile(ctx context.Context, id string) (StoredFile, error) {
	return s.oneFile(ctx, id, selectFile, id)
}

func (s *Store) oneFile(ctx context.Context, id, query string, args ...any) (StoredFile, error) {
	if !isID(id) {
		return StoredFile{}, fmt.Errorf("read a file: %w", ErrNoFile)
	}
	f, err := scanFile(s.read.QueryRowContext(ctx, query, args...))
	if err = noFile(err); err != nil {
		return StoredFile{}, fmt.Errorf("read a file: %w", err)
	}
	return f, nil
}

// noFile turns sql.ErrNoRows into ErrNoFile.
func noFile(err error) error {
	if notFound(err) == ErrNotFound {
		return ErrNoFile
	}
	return err
}

func scanFile(row scanner) (f StoredFile, err error) {
	var previews string
	var created, deleted int64
	if err := row.Scan(&f.ID, &f.Owner, &f.User, &f.Name, &f.Type, &f.Size, &f.Hash, &f.Width, &f.Height,
		&previews, &f.Stored, &f.Alt, &created, &f.Room, &f.Chat, &f.Message, &deleted, &f.Sent); err != nil {
		return StoredFile{}, err
	}
	f.Previews, f.Kinds = parsePreviews(previews)
	f.Created, f.Deleted = fromMS(created), deleted != 0
	f.Gone = deleted < 0
	return f, nil
}

// formatPreviews writes the sizes of previews and their media types as the
// column has them: `320=image/jpeg 1280=image/jpeg`.
func formatPreviews(sizes []int, kinds []string) string {
	words := make([]string, len(sizes))
	for i, size := range sizes {
		words[i] = strconv.Itoa(size) + "=" + kinds[i]
	}
	return strings.Join(words, " ")
}

func parsePreviews(s string) (sizes []int, kinds []string) {
	for word := range strings.FieldsSeq(s) {
		digits, kind, _ := strings.Cut(word, "=")
		if size, err := strconv.Atoi(digits); err == nil {
			sizes, kinds = append(sizes, size), append(kinds, kind)
		}
	}
	return sizes, kinds
}

// filesJSON returns what a message says of its files as JSON, "" if it has none.
func filesJSON(files []chat.File) string {
	if len(files) == 0 {
		return ""
	}
	b, err := json.Marshal(files)
	if err != nil { // cannot happen: strings are storable, and numbers
		return ""
	}
	return string(b)
}

// parseFiles reads what filesJSON wrote.
func parseFiles(s string) (files []chat.File) {
	if s == "" || json.Unmarshal([]byte(s), &files) != nil {
		return nil
	}
	return files
}

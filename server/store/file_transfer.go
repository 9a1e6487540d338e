package store

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// FileBytes has the bytes of files for an export or an import.
type FileBytes interface {
	// ReadFile returns the original of a file, for size 0, or a preview.
	// ErrNoFile: there are no such bytes.
	ReadFile(ctx context.Context, id string, size int) (io.ReadCloser, error)
	// WriteFile stores them.
	WriteFile(ctx context.Context, id string, size int, r io.Reader) error
	// DropFile removes them.
	DropFile(ctx context.Context, id string, size int) error
}

// A file that a message has is a line, and its bytes are lines after it, if the
// export has them: the original first, then the previews.
type (
	exportFile struct {
		Type     string `json:"type"` // "file"
		ID       string `json:"id"`
		Owner    string `json:"owner,omitzero"`
		User     int64  `json:"user,omitzero"`
		Name     string `json:"name"`
		Media    string `json:"media"` // media type
		Size     int64  `json:"size"`
		Hash     string `json:"hash"`
		Width    int    `json:"width,omitzero"`
		Height   int    `json:"height,omitzero"`
		Previews string `json:"previews,omitzero"` // as the column has them
		Stored   int64  `json:"stored"`            // bytes with the previews
		Alt      string `json:"alt,omitzero"`
		Created  int64  `json:"created"`
		Room     string `json:"room,omitzero"` // of the message, or
		Chat     string `json:"chat,omitzero"`
		Message  string `json:"message"`
		Place    int64  `json:"place,omitzero"`
		Claimed  int64  `json:"claimed"`
		Archived int64  `json:"archived,omitzero"`
		Epoch    string `json:"epoch,omitzero"`
		Seq      int64  `json:"seq,omitzero"`
	}
	exportPiece struct {
		Type   string `json:"type"` // "file_bytes"
		File   string `json:"file"`
		Room   string `json:"room,omitzero"` // of the file: who leaves out a room leaves these out
		Size   int    `json:"size,omitzero"` // of a preview; 0: the original
		Offset int64  `json:"offset"`
		Data   []byte `json:"data"` // in base64, at most pieceSize bytes
	}
)

const (
	typeFile  = "file"
	typePiece = "file_bytes"

	pieceSize = 1 << 20

	exportFiles = `SELECT id, owner, user_id, name, type, size, hash, width, height, previews, stored, alt,
		created, room, coalesce(CAST(chat AS TEXT), ''), message, place, claimed, archived, epoch, seq
		FROM files WHERE claimed > 0 AND deleted = 0 ORDER BY id`
)

func scanExportFile(row scanner) (exportFile, error) {
	f := exportFile{Type: typeFile}
	err := row.Scan(&f.ID, &f.Owner, &f.User, &f.Name, &f.Media, &f.Size, &f.Hash, &f.Width, &f.Height,
		&f.Previews, &f.Stored, &f.Alt, &f.Created, &f.Room, &f.Chat, &f.Message, &f.Place, &f.Claimed,
		&f.Archived, &f.Epoch, &f.Seq)
	f.Owner, f.Name, f.Alt = storable(f.Owner), storable(f.Name), storable(f.Alt)
	return f, err
}

// sizes returns what the file consists of: 0 for the original, and its previews.
func (f *exportFile) sizes() []int {
	previews, _ := parsePreviews(f.Previews)
	return append([]int{0}, previews...)
}

// files writes the files that messages have, each followed by its bytes.
func (x *exporter) files() error {
	rows, err := x.tx.QueryContext(x.ctx, exportFiles)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		f, err := scanExportFile(rows)
		if err == nil {
			err = x.write(f)
		}
		if err != nil {
			return err
		}
		x.counts.Files++
		switch err := x.bytesOf(f); {
		case errors.Is(err, ErrNoFile):
			x.counts.WithoutBytes++
		case err != nil:
			return fmt.Errorf("export the bytes of a file: %w", err)
		}
	}
	return rows.Err()
}

// bytesOf writes the bytes of a file. ErrNoFile: it has none, or they are not
// to be exported. A missing file is found before anything is written.
func (x *exporter) bytesOf(f exportFile) error {
	if x.bytes == nil {
		return ErrNoFile
	}
	var open []io.ReadCloser
	defer func() {
		for _, r := range open {
			_ = r.Close() // it was only read
		}
	}()
	sizes := f.sizes()
	for _, size := range sizes {
		r, err := x.bytes.ReadFile(x.ctx, f.ID, size)
		if err != nil {
			return err
		}
		open = append(open, r)
	}
	buffer := make([]byte, pieceSize)
	for i, size := range sizes {
		for offset := int64(0); ; {
			n, err := io.ReadFull(open[i], buffer)
			if n > 0 || err == io.EOF && offset == 0 {
				if err := x.write(exportPiece{typePiece, f.ID, f.Room, size, offset, buffer[:n]}); err != nil {
					return err
				}
				x.counts.pieces++
				offset += int64(n)
			}
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

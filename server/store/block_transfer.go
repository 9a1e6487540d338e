package store

import "errors"

// exportBlock is an account that another one blocks, in an export.
type exportBlock struct {
	Type    string `json:"type"` // "block"
	User    int64  `json:"user"` // who blocks
	Blocked int64  `json:"blocked"`
	Since   int64  `json:"since"`
}

const (
	typeBlock = "block"

	exportBlocks = `SELECT user_id, blocked, since FROM blocks ORDER BY user_id, blocked`
	// Of accounts that are not deleted.
	importBlock = `INSERT INTO blocks (user_id, blocked, since) SELECT a.id, b.id, $3 FROM users a
		JOIN users b ON b.id = $2 AND b.deleted IS NULL
		WHERE a.id = $1 AND a.deleted IS NULL AND a.id <> b.id ON CONFLICT DO NOTHING`
)

func scanExportBlock(row scanner) (exportBlock, error) {
	b := exportBlock{Type: typeBlock}
	err := row.Scan(&b.User, &b.Blocked, &b.Since)
	return b, err
}

func (im *importer) block(b exportBlock) error {
	added, err := im.insert(importBlock, b.User, b.Blocked, b.Since)
	if err == nil && added == 0 {
		err = errors.New("duplicate block, or no line above has one of the accounts")
	}
	return err
}

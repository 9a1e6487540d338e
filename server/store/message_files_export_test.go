package store

import "context"

// FileArchived reports whether the message of a file is archived.
func (s *Store) FileArchived(ctx context.Context, id string) (archived bool, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT archived > 0 FROM files WHERE id = $1`, id).Scan(&archived)
	return archived, err
}

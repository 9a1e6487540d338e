package store

import "context"

// Exec runs a statement behind the Store's back, for tests that break something.
func (s *Store) Exec(ctx context.Context, statement string) error {
	_, err := s.write.ExecContext(ctx, statement)
	return err
}

// Undo takes the newest migration back.
func (s *Store) Undo(ctx context.Context) error {
	provider, err := s.migrations()
	if err == nil {
		_, err = provider.Down(ctx)
	}
	return err
}

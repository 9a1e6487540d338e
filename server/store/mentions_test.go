package store

import (
	"context"
	"fmt"
	"strings"
)

// Mentions returns the tables in which a word is written anywhere, each once for
// every such row. It does not see the words of SQLite's search index, which
// follow their messages by triggers.
func (s *Store) Mentions(ctx context.Context, word string) (tables []string, err error) {
	all, columns := `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()
		AND table_type = 'BASE TABLE' ORDER BY 1`, `SELECT column_name FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name = $1`
	if s.dialect != postgres {
		all = `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
			AND name NOT LIKE '%_words%' ORDER BY 1`
		columns = `SELECT name FROM pragma_table_info($1)`
	}
	names, err := list(ctx, s.read, scanText, all)
	if err != nil {
		return nil, err
	}
	for _, table := range names {
		of, err := list(ctx, s.read, scanText, columns, table)
		if err != nil {
			return nil, err
		}
		for i, column := range of {
			of[i] = fmt.Sprintf(`coalesce(CAST("%s" AS text), '')`, column)
		}
		var n int
		if err := s.read.QueryRowContext(ctx, fmt.Sprintf(`SELECT count(*) FROM "%s" WHERE %s LIKE $1`, table,
			strings.Join(of, " || ' ' || ")), "%"+word+"%").Scan(&n); err != nil {
			return nil, err
		}
		for range n {
			tables = append(tables, table)
		}
	}
	return tables, nil
}

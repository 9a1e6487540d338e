package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"livechat/server/config"
	"livechat/server/store"
)

// streams are where a command reads its input, writes its output, and writes
// what is for the operator.
type streams struct {
	in       io.Reader
	out, log io.Writer
}

// transfer exports the database of DATABASE_URL to std.out, or imports std.in
// into it. It handles no signals: if one ends the process, the database undoes
// the import.
func transfer(ctx context.Context, command string, database config.Database, std streams) (err error) {
	url := database.URL
	if url == "" {
		url = config.SQLiteFile
	}
	if url == config.SQLiteMemory {
		return fmt.Errorf("%s: DATABASE_URL is %s, which is lost when its process ends", command, url)
	}
	// Opening a file that does not exist would make an empty database.
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && command == "export" {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("export: find the database of DATABASE_URL: %w", err)
		}
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	move := func() (store.Counts, error) { return s.Export(ctx, std.out) }
	if command == "import" {
		if config.IsTerminal(std.in) {
			_, _ = fmt.Fprintln(std.log, "livechat: import reads standard input, which is this terminal;"+
				" to read a file: livechat import < FILE")
		}
		move = func() (store.Counts, error) { return s.Import(ctx, std.in) }
	}
	counts, err := move()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.log, "livechat: %s complete: %v\n", command, counts)
	return err
}

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

// streams are where a transfer reads from, writes to, and says what it has done.
type streams struct {
	in       io.Reader
	out, log io.Writer
}

// transfer exports the database of DATABASE_URL to out, or imports what is read from in. It listens to no signal: one that ends the process
// undoes an import.
func transfer(ctx context.Context, command string, database config.Database, std streams) (err error) {
	url := database.URL
	if url == "" {
		url = config.SQLiteFile
	}
	if url == config.SQLiteMemory {
		return fmt.Errorf("%s: DATABASE_URL is %s, which ends with its process", command, url)
	}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && command == "export" { // opening it would make an empty one
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("export: find the database of DATABASE_URL: %w", err)
		}
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	move := func() (int64, error) { return s.Export(ctx, std.out) }
	if command == "import" {
		move = func() (int64, error) { return s.Import(ctx, std.in) }
	}
	lines, err := move()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.log, "livechat: %s of %d accounts, chats and messages is complete\n", command, lines)
	return err
}

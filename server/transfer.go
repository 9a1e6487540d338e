package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"livechat/server/admin"
	"livechat/server/blob"
	"livechat/server/config"
	"livechat/server/files"
	"livechat/server/store"
)

// streams are where a command reads its input, writes its output, and writes
// what is for the operator.
type streams struct {
	in       io.Reader
	out, log io.Writer
}

// transfer exports the database of DATABASE_URL to std.out, or imports std.in
// into it, with the bytes of files unless cfg names no store for them. It handles
// no signals: if one ends the process, the database undoes the import.
func transfer(ctx context.Context, command string, cfg config.Config, std streams) (err error) {
	s, err := openDatabase(ctx, command, cfg, command == "import")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var bytes store.FileBytes
	if cfg.Files.URL != "" {
		blobs, openErr := openFiles(ctx, cfg)
		if openErr != nil {
			return openErr
		}
		defer func() { err = errors.Join(err, blobs.Close()) }()
		bytes = files.Transfer{Blobs: blobs}
	}
	move := func() (store.Counts, error) { return s.ExportWith(ctx, std.out, bytes) }
	if command == "import" {
		if config.IsTerminal(std.in) {
			_, _ = fmt.Fprintln(std.log, "livechat: import reads standard input, which is this terminal;"+
				" to read a file: livechat import < FILE")
		}
		move = func() (store.Counts, error) { return s.ImportWith(ctx, std.in, bytes) }
	}
	counts, err := move()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.log, "livechat: %s complete: %v\n", command, counts)
	return err
}

// openDatabase opens the database of DATABASE_URL for a command. A file that does
// not exist is an error unless the command may create it: opening it would make
// an empty database.
func openDatabase(ctx context.Context, command string, cfg config.Config, create bool) (*store.Store, error) {
	url := cmp.Or(cfg.Database.URL, config.SQLiteFile)
	if url == config.SQLiteMemory {
		return nil, fmt.Errorf("%s: DATABASE_URL is %s, which is lost when its process ends", command, url)
	}
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && !create {
		if _, err := os.Stat(path); err != nil {
			hint := ""
			if cfg.Database.URL == "" {
				hint = " (it is not set, so it is " + url + " in this folder)"
			}
			return nil, fmt.Errorf("%s: find the database of DATABASE_URL%s: %w", command, hint, err)
		}
	}
	s, err := store.Open(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s, nil
}

// administer runs a command of the operator beside running servers.
func administer(ctx context.Context, cfg config.Config, c admin.Command, std streams) (err error) {
	s, err := openDatabase(ctx, c.String(), cfg, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return c.Run(ctx, s, std.out, std.log)
}

// openFiles opens the store of FILES_URL.
func openFiles(ctx context.Context, cfg config.Config) (blob.Store, error) {
	keys := blob.Keys{ID: cfg.Files.S3Key, Secret: cfg.Files.S3Secret}
	blobs, err := blob.Open(ctx, cfg.FilesURL(), keys)
	if err != nil {
		return nil, fmt.Errorf("FILES_URL: %w", err)
	}
	return blobs, nil
}

// errFiles is the error for files that are not as they should be.
var errFiles = errors.New("files and their bytes do not agree; " +
	"livechat admin files check -repair removes what nobody can get")

// checkFiles compares the files in the database with the store of FILES_URL, and
// writes what it found. Servers may run meanwhile.
func checkFiles(ctx context.Context, cfg config.Config, repair bool, std streams) (err error) {
	s, err := openDatabase(ctx, adminCheck, cfg, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	blobs, err := openFiles(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	r, err := files.New(files.Options{Store: s, Blobs: blobs}).Check(ctx, repair)
	_, _ = fmt.Fprintf(std.out, "files %d, bytes stored %d\nwithout bytes %d, without a preview %d\n"+
		"bytes without a file: %d keys, %d bytes\nrepaired %d\n",
		r.Files, r.Bytes, r.Missing, r.NoPreview, r.Orphans, r.OrphanSize, r.Repaired)
	if err == nil && !repair && !r.OK() {
		err = errFiles
	}
	return err
}

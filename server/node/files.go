package node

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"livechat/server/api"
	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/files"
	"livechat/server/metrics"
	"livechat/server/picture"
	"livechat/server/store"
)

// fileServices are the parts of an API server that keep files.
type fileServices struct {
	*files.Service
	blobs  blob.Store
	folder string // a temporary one, removed at the end; "" if there is none
}

// buildFiles opens the store of files.
func (n *Node) buildFiles() error {
	f, c := &n.services.files, n.cfg.Files
	url, err := n.filesURL()
	if err != nil {
		return fmt.Errorf("FILES_URL: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	blobs, err := blob.Open(ctx, url, blob.Keys{ID: c.S3Key, Secret: c.S3Secret})
	if err != nil {
		return fmt.Errorf("FILES_URL: %w", err)
	}
	f.blobs = blob.Instrument(blobs, n.observeBlob)
	pictures := picture.New()
	pictures.Observe = n.observePicture
	f.Service = files.New(files.Options{
		Store: n.services.store, Blobs: f.blobs, Pictures: pictures, MaxFile: c.MaxFile,
		Limits:   store.FileLimits{All: c.Max, Guests: c.GuestMax, User: c.Quota, Day: c.GuestDay},
		NoGuests: !c.Guests, GuestAge: c.GuestAge, Behind: n.bus.Archive().Behind,
		Refused: func(code chat.Code) { n.metrics.FileUploads.WithLabelValues(string(code)).Inc() },
		Logger:  n.logger,
	})
	return nil
}

// filesURL returns where files are kept. Those of a database in memory are gone
// with it, unless a place is given.
func (n *Node) filesURL() (string, error) {
	url := n.cfg.FilesURL()
	if url != config.FilesFolder || n.cfg.Database.URL != config.SQLiteMemory {
		return url, nil
	}
	folder, err := os.MkdirTemp("", "livechat-files-")
	if err != nil {
		return "", err
	}
	n.services.files.folder = folder
	return "file:" + folder, nil
}

// closeFiles closes the store of files.
func (n *Node) closeFiles() {
	f := &n.services.files
	if f.blobs != nil {
		if err := f.blobs.Close(); err != nil {
			n.logger.Debug("files: close failed", "error", err)
		}
	}
	if f.folder == "" {
		return
	}
	if err := os.RemoveAll(f.folder); err != nil {
		n.logger.Debug("files: temporary folder not removed", "error", err)
	}
}

// observeBlob counts an operation of the store of files.
func (n *Node) observeBlob(op string, err error, took time.Duration) {
	n.metrics.StoreSeconds.WithLabelValues(op).Observe(took.Seconds())
	if err != nil {
		n.metrics.StoreFailures.WithLabelValues(op).Inc()
	}
}

// observePicture counts a step of a picture.
func (n *Node) observePicture(op string, took time.Duration, _ error) {
	n.metrics.PictureSeconds.WithLabelValues(op).Observe(took.Seconds())
}

// countedFiles counts files that were taken. The service itself tells of those
// that it refuses.
type countedFiles struct {
	*files.Service
	metrics *metrics.Set
}

var _ api.Files = countedFiles{}

// Store implements api.Files.
func (c countedFiles) Store(ctx context.Context, u files.Upload, r io.Reader) (
	f files.Stored, created bool, err error,
) {
	f, created, err = c.Service.Store(ctx, u, r)
	c.count(f, created, err)
	return f, created, err
}

// Finish implements api.Files.
func (c countedFiles) Finish(ctx context.Context, id string, o files.Owner) (f files.Stored, err error) {
	f, err = c.Service.Finish(ctx, id, o)
	c.count(f, true, err)
	return f, err
}

func (c countedFiles) count(f files.Stored, created bool, err error) {
	switch {
	case err != nil:
	case !created:
		c.metrics.FileUploads.WithLabelValues(metrics.Duplicate).Inc()
	default:
		c.metrics.FileUploads.WithLabelValues(metrics.Taken).Inc()
		c.metrics.FileUploadBytes.Add(float64(f.Size))
	}
}

// usageTimeout bounds how long a scrape of the metrics waits for the database.
const usageTimeout = time.Second

// fileGauges adds what files use, and how much they may.
func (n *Node) fileGauges() {
	usage := func(value func(files.Usage) int64) func() float64 {
		return func() float64 {
			ctx, cancel := context.WithTimeout(context.Background(), usageTimeout)
			defer cancel()
			return float64(value(n.services.files.Usage(ctx)))
		}
	}
	for of, get := range map[string]struct {
		bytes, files func(files.Usage) int64
		limit        int64
	}{
		"all": {func(u files.Usage) int64 { return u.Bytes }, func(u files.Usage) int64 { return u.Files },
			n.cfg.Files.Max},
		"guests": {func(u files.Usage) int64 { return u.GuestBytes },
			func(u files.Usage) int64 { return u.GuestFiles }, n.cfg.Files.GuestMax},
	} {
		n.metrics.GaugeOf("file_bytes",
			"Bytes that files use in the store, with their previews and what is reserved for uploads.",
			"of", of, usage(get.bytes))
		n.metrics.GaugeOf("files", "Files in the store.", "of", of, usage(get.files))
		n.metrics.GaugeOf("file_bytes_limit",
			"Bytes that files may use in the store (FILES_MAX, GUEST_FILES_MAX); 0: no limit.",
			"of", of, func() float64 { return float64(get.limit) })
	}
}

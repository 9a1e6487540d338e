// Package blob stores bytes under keys, in a folder or in an S3 bucket. It knows
// nothing of files, messages or users.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"
)

// Store holds bytes under keys. Its methods may be called from any goroutine,
// and by several processes at once on one folder or bucket.
//
// Errors are ErrNotFound, ErrKey, ErrSize, what the reader given to Put returned,
// the end of ctx, or else mean that the store is away; all of them wrapped. Their
// texts never contain a key, since a key may be all that it takes to fetch a
// file, nor credentials.
type Store interface {
	// Put stores all that r has under key, replacing what was there. It is
	// atomic: a key has the old bytes or the new ones, never a part, also if the
	// process is killed. When it returns nil, the bytes survive a power cut. size
	// is how many bytes r has, or -1 if that is unknown. After an error the key
	// is as before, unless an answer of S3 was lost: then it may have the new
	// bytes. No key may continue another one after a slash.
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	// Open returns what is under key, to be read while ctx lasts. The object
	// still has its bytes if the key is replaced or deleted, in a folder; in S3
	// a read may fail then.
	Open(ctx context.Context, key string) (Object, error)
	// Delete removes a key. It is no error if there is none.
	Delete(ctx context.Context, key string) error
	// List yields what is stored under keys that begin with prefix, which may
	// end anywhere in a key, in no particular order. Objects that are put or
	// deleted meanwhile may be missing or there. An error is the last thing
	// yielded.
	List(ctx context.Context, prefix string) iter.Seq2[Info, error]
	// Close releases what the store holds. Objects that are open stay readable
	// until they are closed.
	Close() error
}

// Object is the content of a key. It is for one goroutine at a time and must be
// closed.
type Object interface {
	io.ReadSeekCloser
	Size() int64 // bytes
}

// Info describes a key.
type Info struct {
	Key      string
	Size     int64 // bytes
	Modified time.Time
}

// Keys are the credentials for S3; a folder needs none.
type Keys struct{ ID, Secret string }

var (
	// ErrNotFound is the error for a key that has nothing.
	ErrNotFound = errors.New("no such key")
	// ErrKey is the error for a key that cannot be one.
	ErrKey = errors.New("invalid key")
	// ErrSize is the error of a Put whose reader has more or fewer bytes than
	// announced.
	ErrSize = errors.New("the reader has another size than announced")
)

// abandoned is when leftovers of uploads that a crash cut off are removed: temporary
// files, and parts of S3's multipart uploads. An upload that lives writes more
// often than that.
const abandoned = 24 * time.Hour

// Open returns the store that address names:
//
//	file:PATH                                          a folder, made if missing
//	s3://BUCKET?endpoint=URL&region=NAME&prefix=PATH   a bucket, which must exist
//
// Without an endpoint the bucket is one of AWS. Open does not connect to S3: the
// server has to start while S3 is down.
func Open(ctx context.Context, address string, keys Keys) (Store, error) {
	switch scheme, rest, _ := strings.Cut(address, ":"); scheme {
	case "file":
		if strings.HasPrefix(rest, "///") {
			rest = rest[2:]
		}
		return openFolder(rest)
	case "s3":
		return openS3(address, keys)
	default: // not quoted: it may contain a secret
		return nil, errors.New(
			"the address of the file store has to begin with file: or s3:, for example s3://BUCKET")
	}
}

const (
	maxKey     = 512 // bytes; S3 allows 1,024, and the prefix of the bucket comes before
	maxSegment = 128 // bytes; file systems allow 255
)

// checkKey returns ErrKey unless key consists of segments of letters, digits,
// dashes, underscores and dots, with slashes between them. None begins with a dot,
// so no key leads out of a folder or to the store's own files.
func checkKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: longer than %d bytes", ErrKey, maxKey)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || len(segment) > maxSegment || segment[0] == '.' || !plain(segment) {
			return ErrKey
		}
	}
	return nil
}

// checkPrefix returns ErrKey unless a key may begin with prefix.
func checkPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	return checkKey(strings.TrimSuffix(prefix, "/"))
}

func plain(segment string) bool {
	for i := range len(segment) {
		c := segment[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// parents yields the folders that key is in, from the nearest one up.
func parents(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
			if !yield(dir) {
				return
			}
		}
	}
}

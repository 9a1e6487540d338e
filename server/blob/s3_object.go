package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/minio/minio-go/v7"
)

// errStalled is the cause of an end that S3 brought about by sending nothing.
var errStalled = errors.New("S3 has sent nothing for too long")

// remote is an Object in a bucket. It asks S3 for what is read alone, from the
// place where reading begins. The client has such an object too, but with a
// goroutine that nobody waits for.
type remote struct {
	ctx    context.Context
	bucket *bucket
	key    string
	etag   string
	size   int64

	offset int64                   // of the next byte to be read
	body   io.ReadCloser           // what follows at, or nil
	at     int64                   // of the next byte of body
	stop   context.CancelCauseFunc // of body
	closed bool
}

var _ Object = (*remote)(nil)

func (b *bucket) Open(ctx context.Context, key string) (Object, error) {
	if err := checkKey(key); err != nil {
		return nil, failed("open", "", err)
	}
	bounded, cancel := b.bounded(ctx)
	defer cancel()
	info, err := b.core.StatObject(bounded, b.name, b.prefix+key, minio.StatObjectOptions{})
	if absent(err) {
		// The answer to HEAD has no body that would say what is missing. A bucket
		// that has vanished must not look as if all files had been deleted.
		var body io.ReadCloser
		body, info, _, err = b.core.GetObject(bounded, b.name, b.prefix+key, minio.GetObjectOptions{})
		if err == nil {
			_ = body.Close()
		}
	}
	if absent(err) {
		return nil, failed("open", key, ErrNotFound)
	}
	if err != nil {
		return nil, failed("open", key, explain(err))
	}
	if info.Size < 0 {
		return nil, failed("open", key, errors.New("S3 did not say how long it is"))
	}
	return &remote{ctx: ctx, bucket: b, key: key, etag: info.ETag, size: info.Size}, nil
}

func (o *remote) Size() int64 { return o.size }

// Read goes on where the connection broke, for as long as there is progress.
func (o *remote) Read(p []byte) (int, error) {
	if o.closed {
		return 0, failed("read", o.key, fs.ErrClosed)
	}
	if o.offset >= o.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p = p[:min(int64(len(p)), o.size-o.offset)]
	if o.at != o.offset {
		o.drop()
	}
	var err error
	for range attempts {
		if o.body == nil {
			if err = o.fetch(); err != nil { // which has been tried again already
				return 0, failed("read", o.key, err)
			}
		}
		var n int
		n, err = o.next(p)
		o.offset += int64(n)
		o.at = o.offset
		if n > 0 || err == nil {
			return n, nil
		}
		if o.ctx.Err() != nil {
			break
		}
	}
	return 0, failed("read", o.key, err)
}

// fetch asks for everything from offset on. S3 sends it as it is read.
func (o *remote) fetch() error {
	ctx, stop := context.WithCancelCause(o.ctx)
	timer := time.AfterFunc(o.bucket.patience, func() { stop(errStalled) })
	defer timer.Stop()
	var options minio.GetObjectOptions
	if o.offset > 0 {
		if err := options.SetRange(o.offset, 0); err != nil {
			stop(nil)
			return err
		}
	}
	body, info, _, err := o.bucket.core.GetObject(ctx, o.bucket.name, o.bucket.prefix+o.key, options)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		stop(nil)
		if absent(err) {
			return ErrNotFound
		}
		return explain(err)
	}
	o.body, o.stop, o.at = body, stop, o.offset
	switch {
	case info.ETag != o.etag: // If-Match would do the same, but not every S3 knows it
		err = errors.New("it was replaced since it was opened")
	case info.Size != o.size-o.offset:
		err = fmt.Errorf("S3 sends %d bytes instead of %d", info.Size, o.size-o.offset)
	default:
		return nil
	}
	o.drop()
	return err
}

// next reads from body, and drops it after an error.
func (o *remote) next(p []byte) (int, error) {
	stop, stalled := o.stop, false
	timer := time.AfterFunc(o.bucket.patience, func() { stop(errStalled) })
	n, err := o.body.Read(p)
	stalled = !timer.Stop()
	if err == nil && !stalled {
		return n, nil
	}
	o.drop()
	switch {
	case stalled:
		return n, errStalled
	case err == io.EOF && o.offset+int64(n) < o.size:
		return n, fmt.Errorf("the answer of S3 was cut off: %w", io.ErrUnexpectedEOF)
	case err == io.EOF:
		return n, nil // the next Read says so
	}
	return n, err
}

func (o *remote) drop() {
	if o.body != nil {
		_ = o.body.Close()
		o.stop(nil)
		o.body, o.stop = nil, nil
	}
}

// Seek asks S3 for nothing. The next Read does, if it is at another place.
func (o *remote) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.size
	default:
		return 0, failed("seek", o.key, fmt.Errorf("%w: whence %d", fs.ErrInvalid, whence))
	}
	switch {
	case o.closed:
		return 0, failed("seek", o.key, fs.ErrClosed)
	case offset < 0:
		return 0, failed("seek", o.key, fmt.Errorf("%w: a negative position", fs.ErrInvalid))
	}
	o.offset = offset
	return offset, nil
}

// Close ends the download.
func (o *remote) Close() error {
	if o.closed {
		return failed("close", o.key, fs.ErrClosed)
	}
	o.closed = true
	o.drop()
	return nil
}

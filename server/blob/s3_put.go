package blob

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"
)

// partSize is the smallest part that S3 takes in a multipart upload, and what an
// upload holds in memory: a part that failed is sent again.
const partSize = 5 << 20

// Put sends what fits into one part by one request. More goes up as a multipart
// upload, which S3 shows under the key only when it is complete.
//
// The client would sign streams in chunks over http, and not at all over https,
// or add checksums as trailers; R2, B2 and SeaweedFS each refuse one of these.
// The whole part is here, so its SHA-256 can be signed: every S3 takes that, and
// it protects the bytes as well.
func (b *bucket) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if err := checkKey(key); err != nil {
		return failed("put", "", err)
	}
	limit := partSize
	if size >= 0 && size < partSize {
		limit = int(max(size, 1))
	}
	in := bufio.NewReader(&source{ctx: ctx, r: r, size: size})
	part, last, err := fill(in, nil, limit)
	if err == nil {
		if last {
			err = b.putWhole(ctx, key, part)
		} else {
			err = b.putParts(ctx, key, in, part)
		}
	}
	if err != nil {
		if ctx.Err() != nil && !callers(err) {
			err = context.Cause(ctx)
		}
		return failed("put", key, err)
	}
	if now := time.Now(); b.sweep.due(now) {
		_ = b.clean(ctx, now.Add(-abandoned)) // not every S3 can list them; the next hour tries again
	}
	return nil
}

// firstBuffer is what an upload holds in memory before anything has come.
const firstBuffer = 64 << 10

// fill reads the next part, of at most limit bytes, into buffer. It looks one
// byte ahead to know whether it is the last one. The buffer grows with what has
// come: many clients that send hardly anything hold hardly any memory.
func fill(in *bufio.Reader, buffer []byte, limit int) (part []byte, last bool, err error) {
	part = buffer[:0]
	for len(part) < limit {
		if len(part) == cap(part) {
			part = slices.Grow(part, min(max(len(part), firstBuffer), limit-len(part)))
		}
		n, err := io.ReadFull(in, part[len(part):min(cap(part), limit)])
		part = part[:len(part)+n]
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return part, true, nil
		}
		if err != nil {
			return nil, false, err
		}
	}
	if _, err = in.Peek(1); err == io.EOF {
		return part, true, nil
	}
	return part, false, err
}

func (b *bucket) putWhole(ctx context.Context, key string, content []byte) error {
	ctx, cancel := b.bounded(ctx)
	defer cancel()
	sending, body := withContent(ctx, content)
	_, err := b.core.PutObject(sending, b.name, b.prefix+key, bytes.NewReader(content), int64(len(content)),
		"", sum(content), minio.PutObjectOptions{DisableContentSha256: true})
	if err == nil {
		err = body.closed(ctx)
	}
	return explain(err)
}

// putParts sends the part given and those that follow in the reader.
func (b *bucket) putParts(ctx context.Context, key string, in *bufio.Reader, part []byte) (err error) {
	id, err := b.begin(ctx, key)
	if err != nil {
		return explain(err)
	}
	defer func() {
		if err != nil {
			b.abort(ctx, key, id)
		}
	}()
	var sent []minio.CompletePart
	for last := false; ; {
		done, err := b.putPart(ctx, key, id, len(sent)+1, part)
		if err != nil {
			return explain(err)
		}
		sent = append(sent, done)
		if last {
			break
		}
		if part, last, err = fill(in, part, partSize); err != nil {
			return err
		}
	}
	ctx, cancel := b.bounded(ctx)
	defer cancel()
	_, err = b.core.CompleteMultipartUpload(ctx, b.name, b.prefix+key, id, sent, minio.PutObjectOptions{})
	return explain(err)
}

func (b *bucket) begin(ctx context.Context, key string) (id string, err error) {
	ctx, cancel := b.bounded(ctx)
	defer cancel()
	return b.core.NewMultipartUpload(ctx, b.name, b.prefix+key, minio.PutObjectOptions{})
}

func (b *bucket) putPart(
	ctx context.Context, key, id string, number int, part []byte,
) (minio.CompletePart, error) {
	ctx, cancel := b.bounded(ctx)
	defer cancel()
	sending, body := withContent(ctx, part)
	done, err := b.core.PutObjectPart(sending, b.name, b.prefix+key, id, number,
		bytes.NewReader(part), int64(len(part)),
		minio.PutObjectPartOptions{Sha256Hex: sum(part), DisableContentSha256: true})
	if err == nil {
		err = body.closed(ctx)
	}
	return minio.CompletePart{PartNumber: number, ETag: done.ETag}, err
}

// abort removes the parts of an upload, also after the end of ctx. If that fails,
// clean does it a day later.
func (b *bucket) abort(ctx context.Context, key, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.patience/6)
	defer cancel()
	_ = b.core.AbortMultipartUpload(ctx, b.name, b.prefix+key, id)
}

// clean aborts multipart uploads that began before the time given: those of
// processes that were killed.
func (b *bucket) clean(ctx context.Context, before time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, b.patience/6)
	defer cancel()
	list, err := b.uploads(ctx)
	if err != nil {
		return explain(err)
	}
	for _, upload := range list {
		if upload.Initiated.Before(before) {
			if err := b.core.AbortMultipartUpload(ctx, b.name, upload.Key, upload.UploadID); err != nil {
				return explain(err)
			}
		}
	}
	return nil
}

// uploads returns the multipart uploads that are under way, a thousand at most.
func (b *bucket) uploads(ctx context.Context) ([]minio.ObjectMultipartInfo, error) {
	list, err := b.core.ListMultipartUploads(ctx, b.name, b.prefix, "", "", "", 1000)
	if minio.ToErrorResponse(err).Code == minio.NoSuchUpload {
		return nil, nil // how some say that there are none
	}
	return list.Uploads, err
}

func sum(content []byte) string {
	hash := sha256.Sum256(content)
	return hex.EncodeToString(hash[:])
}

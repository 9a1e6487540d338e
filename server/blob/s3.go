package blob

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"
)

const (
	// patience is how long S3 may take for one call with its retries, and how long
	// a download may stand still.
	patience = time.Minute
	// attempts is how often a request is sent that S3 does not answer, or answers
	// with an error that may pass.
	attempts = 3
)

// bucket is a Store in an S3 bucket.
type bucket struct {
	core      *minio.Core
	transport *http.Transport
	name      string
	prefix    string // of all keys; empty or with a slash at its end
	patience  time.Duration
	sweep     hourly
}

var _ Store = (*bucket)(nil)

// openS3 reads the address. Errors do not quote it: it may contain a secret,
// though it should not.
func openS3(address string, keys Keys) (*bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the address of the file store cannot be read: write s3://BUCKET?endpoint=URL")
	}
	options := u.Query()
	for name := range options {
		if name != "endpoint" && name != "region" && name != "prefix" {
			return nil, fmt.Errorf("the address of the file store has an unknown part %q; "+
				"s3 has endpoint, region and prefix", name)
		}
	}
	prefix := strings.Trim(options.Get("prefix"), "/")
	switch {
	case u.User != nil:
		return nil, errors.New("the address of the file store must not contain credentials: " +
			"set FILES_S3_KEY and FILES_S3_SECRET")
	case u.Host == "" || u.Path != "" && u.Path != "/":
		return nil, errors.New("the address of the file store has to be s3://BUCKET?…; " +
			"a path in the bucket is given as prefix=PATH")
	case s3utils.CheckValidBucketNameStrict(u.Host) != nil:
		return nil, errors.New("the bucket in the address of the file store has no valid name: " +
			"it may have small letters, digits, dashes and dots, 3 to 63 of them")
	case checkPrefix(prefix) != nil:
		return nil, errors.New("the prefix in the address of the file store may have " +
			"letters, digits, dashes, dots and slashes only")
	case keys.ID == "" || keys.Secret == "":
		return nil, errors.New("a file store in S3 needs FILES_S3_KEY and FILES_S3_SECRET")
	}
	if prefix != "" {
		prefix += "/"
	}
	b := &bucket{name: u.Host, prefix: prefix, patience: patience}
	if err := b.connect(options.Get("endpoint"), options.Get("region"), keys); err != nil {
		return nil, err
	}
	return b, nil
}

// connect sets up the client. It sends nothing.
func (b *bucket) connect(endpoint, region string, keys Keys) error {
	host, secure, lookup := "s3.amazonaws.com", true, minio.BucketLookupAuto
	if endpoint != "" {
		u, err := url.Parse(endpoint)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" ||
			u.Path != "" && u.Path != "/" {
			return errors.New("the endpoint in the address of the file store has to be https://HOST or http://HOST")
		}
		// Paths work everywhere; a host name per bucket needs DNS and a certificate.
		host, secure, lookup = u.Host, u.Scheme == "https", minio.BucketLookupPath
		if region == "" && !strings.Contains(u.Hostname(), ".amazonaws.com") {
			region = "us-east-1" // what other servers expect, or take for their own
		}
	}
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return fmt.Errorf("set up the connection to the file store: %w", err)
	}
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	transport.ResponseHeaderTimeout = patience / 2
	b.transport = transport
	b.core, err = minio.NewCore(host, &minio.Options{
		Creds:        credentials.NewStaticV4(keys.ID, keys.Secret, ""),
		Secure:       secure,
		Transport:    ownBodies{transport},
		Region:       region, // empty, for AWS alone: it is asked for
		BucketLookup: lookup,
		MaxRetries:   attempts,
	})
	if err != nil {
		return fmt.Errorf("set up the connection to the file store: %w", err)
	}
	return nil
}

// bounded returns ctx with an end for one call.
func (b *bucket) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, b.patience)
}

// absent reports whether err says that there is no such key. Other answers with
// the status 404 say that the bucket or the user is missing.
func absent(err error) bool { return minio.ToErrorResponse(err).Code == minio.NoSuchKey }

// explain returns err with the code of S3's answer, which says more than its
// text.
func explain(err error) error {
	if response := minio.ToErrorResponse(err); response.Code != "" {
		return fmt.Errorf("S3 answered %d %s: %w", response.StatusCode, response.Code, err)
	}
	return err
}

// Delete keeps older versions of a bucket that has versioning.
func (b *bucket) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return failed("delete", "", err)
	}
	ctx, cancel := b.bounded(ctx)
	defer cancel()
	err := b.core.RemoveObject(ctx, b.name, b.prefix+key, minio.RemoveObjectOptions{})
	if err == nil || absent(err) {
		return nil
	}
	return failed("delete", key, explain(err))
}

// List asks for a thousand keys at a time.
func (b *bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Info{}, failed("list", "", err))
			return
		}
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		// The time that the caller takes for an entry does not count.
		timer := time.AfterFunc(b.patience, func() { cancel(errStalled) })
		defer timer.Stop()
		options := minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}
		for object := range b.core.ListObjectsIter(ctx, b.name, options) {
			timer.Stop()
			if object.Err != nil {
				if ctx.Err() == nil {
					yield(Info{}, failed("list", prefix, explain(object.Err)))
					return
				}
				break
			}
			key := strings.TrimPrefix(object.Key, b.prefix)
			if checkKey(key) == nil && !yield(Info{key, object.Size, object.LastModified}, nil) {
				return
			}
			timer.Reset(b.patience)
		}
		if ctx.Err() != nil { // the client ends the list without a word
			yield(Info{}, failed("list", prefix, context.Cause(ctx)))
		}
	}
}

func (b *bucket) Close() error {
	b.transport.CloseIdleConnections()
	return nil
}

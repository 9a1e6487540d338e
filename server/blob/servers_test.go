package blob

import (
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"livechat/internal/tests3"
)

var testKeys = Keys{ID: tests3.ID, Secret: tests3.Secret}

const testBucket = tests3.Bucket

// server is an S3 server with an empty bucket.
type server struct{ endpoint string }

// address returns the address of the bucket for Open.
func (s server) address(prefix string) string {
	return "s3://" + testBucket + "?endpoint=" + s.endpoint + "&prefix=" + prefix
}

// startFake starts a fake in this process.
func startFake(t *testing.T) server {
	t.Helper()
	return startFakeBehind(t, func(fake http.Handler) http.Handler { return fake })
}

// startFakeBehind starts a fake whose requests pass through a handler.
func startFakeBehind(t *testing.T, behind func(fake http.Handler) http.Handler) server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket(testBucket); err != nil {
		t.Fatal(err)
	}
	http := httptest.NewUnstartedServer(behind(gofakes3.New(backend).Server()))
	http.Config.ErrorLog = log.New(t.Output(), "", 0)
	http.Start()
	t.Cleanup(http.Close)
	return server{http.URL}
}

// startGateway starts a real one, which checks signatures and checksums.
func startGateway(t *testing.T) server {
	t.Helper()
	return server{tests3.New(t).Endpoint}
}

// multipartUploads returns the ids of all uploads that are under way.
func multipartUploads(t *testing.T, b *bucket) (ids []string) {
	t.Helper()
	list, err := b.uploads(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, upload := range list {
		ids = append(ids, upload.UploadID)
	}
	return ids
}

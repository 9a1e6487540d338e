// Package tests3 starts a real S3 server, versitygw, for a test or a
// measurement. It checks signatures and checksums, and keeps what it gets in a
// folder.
package tests3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// The only key of every server, and its only bucket.
const (
	ID     = "livechat"
	Secret = "hunter2hunter2"
	Bucket = "files"
)

// patience is how long a server may take to start.
const patience = 20 * time.Second

// program is what Server runs: see scripts/install.sh.
const program = "versitygw"

// Server is an S3 server with one bucket.
type Server struct {
	Endpoint string // http://host:port
	log      io.Writer
	path     string
	dir      string
	cmd      *exec.Cmd // nil unless it runs
}

// New starts a server with an empty bucket until the test ends. If the program
// is missing, the test is skipped or fails; see need.Program.
func New(t testing.TB) *Server {
	t.Helper()
	need.Program(t, program)
	s, err := Run(t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// Run starts a server with an empty bucket, which writes its log to log. The
// caller closes it.
func Run(log io.Writer) (*Server, error) {
	path, err := need.Find(program)
	if err != nil {
		return nil, fmt.Errorf("start an S3 server: %w (scripts/install.sh %s builds it)", err, program)
	}
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		return nil, fmt.Errorf("start an S3 server: %w", err)
	}
	dir, err := os.MkdirTemp("", "livechat-s3-")
	if err != nil {
		return nil, fmt.Errorf("start an S3 server: %w", err)
	}
	s := &Server{Endpoint: "http://" + net.JoinHostPort(host, ports[0]), log: log, path: path, dir: dir}
	// The side folder is for attributes, which not every file system has.
	err = errors.Join(os.Mkdir(s.objects(), 0o700), os.Mkdir(s.side(), 0o700))
	if err == nil {
		err = s.launch()
	}
	if err == nil {
		err = s.makeBucket()
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("start an S3 server: %w", err)
	}
	return s, nil
}

func (s *Server) objects() string { return filepath.Join(s.dir, "objects") }
func (s *Server) side() string    { return filepath.Join(s.dir, "side") }

// Folder returns where the server keeps the bucket: a file for each key.
func (s *Server) Folder() string { return filepath.Join(s.objects(), Bucket) }

// URL returns the FILES_URL of the bucket.
func (s *Server) URL() string {
	return "s3://" + Bucket + "?" + url.Values{"endpoint": {s.Endpoint}}.Encode()
}

func (s *Server) launch() error {
	s.cmd = exec.Command(s.path, "--access", ID, "--secret", Secret, "--port",
		strings.TrimPrefix(s.Endpoint, "http://"), "--quiet", "posix", "--sidecar", s.side(), s.objects())
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it dies if we are killed
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return err
	}
	return nil
}

// makeBucket retries until the server is up.
func (s *Server) makeBucket() error {
	transport, err := minio.DefaultTransport(false)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	client, err := minio.New(strings.TrimPrefix(s.Endpoint, "http://"), &minio.Options{
		Creds:     credentials.NewStaticV4(ID, Secret, ""),
		Transport: transport, Region: "us-east-1", MaxRetries: 1,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return localcluster.Poll(ctx, func(ctx context.Context) error {
		return client.MakeBucket(ctx, Bucket, minio.MakeBucketOptions{})
	})
}

// Close ends it and removes its files.
func (s *Server) Close() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill() // it may have ended
		_ = s.cmd.Wait()
		s.cmd = nil
	}
	_ = os.RemoveAll(s.dir)
}

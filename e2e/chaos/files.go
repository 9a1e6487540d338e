package chaos

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"livechat/client"
	"livechat/internal/localcluster"
)

// maxFileSize is the largest file that a talker sends, in bytes: more than one
// piece of what a proxy passes on, and small enough for a busy machine.
const maxFileSize = 96 << 10

// unsentEvery is the ratio of messages with a file to files that are uploaded
// and never sent. The servers collect those.
const unsentEvery = 5

// filed are the files that talkers or users have sent. Its methods may be called
// from any goroutine.
type filed struct {
	mu        sync.Mutex
	byMessage map[string]*sentFile // guarded by mu, as are the files
}

// sentFile is a file of a message.
type sentFile struct {
	client.File
	sum   string
	acked bool
}

// attach notes the file of a message that is about to be sent.
func (f *filed) attach(message string, file client.File, sum string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byMessage == nil {
		f.byMessage = map[string]*sentFile{}
	}
	f.byMessage[message] = &sentFile{File: file, sum: sum}
}

func (f *filed) acked(message string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if file := f.byMessage[message]; file != nil {
		file.acked = true
	}
}

// left returns how many files stay in the end, at least and at most: a message
// that was never acked may have been stored.
func (f *filed) left(isDeleted func(message string) bool) (least, most int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for message, file := range f.byMessage {
		if isDeleted(message) {
			continue
		}
		if most++; file.acked {
			least++
		}
	}
	return least, most
}

// check returns an error if a message that was received lacks its file, or has
// one that was not sent with it.
func (f *filed) check(m *client.Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, sent := f.byMessage[m.ID]
	switch {
	case !sent && len(m.Files) > 0:
		return fmt.Errorf("message %s has %d files and was sent without one", m.ID, len(m.Files))
	case sent && (len(m.Files) != 1 || m.Files[0].ID != file.ID || m.Files[0].Size != file.Size):
		return fmt.Errorf("message %s has the files %+v, want %s", m.ID, m.Files, file.ID)
	}
	return nil
}

// lookAtFiles fails the run if a message that a client received has other files
// than it was sent with.
func (c *Crowd) lookAtFiles(name string, m *client.Message) {
	if c.size.Files == 0 {
		return
	}
	if err := c.filed.check(m); err != nil {
		c.fail(fmt.Errorf("%s: %w", name, err))
	}
}

// withFile gives a message a file, now and then.
func (c *Crowd) withFile(i int, s *said) error {
	if s.about.ID != "" || rand.IntN(100) >= c.size.Files {
		return nil
	}
	var err error
	s.file, s.sum, err = upload(client.Upload{
		URL: strings.TrimSuffix(c.url(i), "/"), GuestKey: c.keys[i]}, c.size.Patience)
	return err
}

// upload uploads a file of a random text until a server has taken it, and
// returns the SHA-256 of that. Now and then it uploads another one before, which
// nobody sends.
func upload(up client.Upload, patience time.Duration) (file client.File, sum string, err error) {
	if rand.IntN(unsentEvery) == 0 {
		if _, _, err := uploadOne(up, patience); err != nil {
			return file, "", err
		}
	}
	return uploadOne(up, patience)
}

func uploadOne(up client.Upload, patience time.Duration) (file client.File, sum string, err error) {
	content := make([]byte, 1+rand.IntN(maxFileSize))
	for k := range content {
		content[k] = byte(' ' + rand.IntN(94)) // a text, which nothing changes on its way
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	up.Key = uuid.NewString()
	up.Name = fmt.Sprint("file-", up.Key[:8], ".txt")
	err = localcluster.Poll(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		file, err = up.Do(ctx, bytes.NewReader(content))
		return err
	})
	if err != nil {
		return file, "", fmt.Errorf("upload a file: %w", err)
	}
	hash := sha256.Sum256(content)
	return file, hex.EncodeToString(hash[:]), nil
}

// checkFiles fetches the files of all acked messages, whose bytes must be those
// that were sent; those of deleted messages must be gone when ctx ends.
func (c *Crowd) checkFiles(ctx context.Context) error {
	return c.filed.eachAcked(func(message string, file *sentFile) error {
		deleted := c.History.IsDeleted(message)
		return localcluster.Poll(ctx, func(ctx context.Context) error {
			status, sum, err := fetch(context.WithoutCancel(ctx), http.DefaultClient, c.Files+file.Path())
			if err == nil && deleted && status != http.StatusNotFound {
				return fmt.Errorf("file %s of the deleted message %s: %d", file.ID, message, status)
			}
			if err == nil && !deleted {
				return file.is(status, sum)
			}
			return err
		})
	})
}

// is returns an error unless an answer has the bytes that were sent.
func (f *sentFile) is(status int, sum string) error {
	if status == http.StatusOK && sum == f.sum {
		return nil
	}
	return fmt.Errorf("file %s: %d, and its bytes are those that were sent: %t", f.ID, status, sum == f.sum)
}

// maxFileErrors is after how many errors no more files are fetched.
const maxFileErrors = 5

// eachAcked calls look for the file of each acked message, and returns its
// errors. Nothing may be sent meanwhile.
func (f *filed) eachAcked(look func(message string, file *sentFile) error) error {
	f.mu.Lock()
	all := maps.Clone(f.byMessage)
	f.mu.Unlock()
	var errs []error
	for message, file := range all {
		if !file.acked {
			continue
		}
		if err := look(message, file); err != nil {
			errs = append(errs, fmt.Errorf("message %s: %w", message, err))
		}
		if len(errs) == maxFileErrors {
			break
		}
	}
	return errors.Join(errs...)
}

// fetch returns the status of an address, and the sum of what is there.
func fetch(ctx context.Context, with *http.Client, url string) (status int, sum string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	answer, err := with.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, answer.Body); err != nil {
		return 0, "", err
	}
	return answer.StatusCode, hex.EncodeToString(hash.Sum(nil)), nil
}

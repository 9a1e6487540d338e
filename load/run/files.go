package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"livechat/client"
	"livechat/load/plan"
)

const (
	// uploadTime bounds one attempt to upload a file.
	uploadTime = 30 * time.Second
	// uploadPause is the mean time between two attempts.
	uploadPause = 500 * time.Millisecond
)

// uploads uploads the files of the run's messages.
type uploads struct {
	content string // of each file
	client  *http.Client
	slow    *http.Client // over the slow network; nil: there is none
	running sync.WaitGroup
}

func newUploads(s *plan.Settings, slow *slowNetwork) *uploads {
	u := &uploads{content: filler(s.FileSize), client: &http.Client{Transport: newTransport(s, nil)}}
	if slow != nil {
		u.slow = &http.Client{Transport: newTransport(s, slow.Dialer(nil))}
	}
	return u
}

// wait returns when all uploads have ended.
func (u *uploads) wait() {
	u.running.Wait()
	u.client.CloseIdleConnections()
	if u.slow != nil {
		u.slow.CloseIdleConnections()
	}
}

// upload uploads the file of a pending message, and sends the message then. Its
// latency begins when it was due, so it includes the upload. Without a file the
// message stays unanswered, or is refused.
func (m *member) upload(ctx context.Context, number uint64, id, text string) {
	up := client.Upload{
		URL: m.site().Base(), Name: "load.txt", GuestKey: m.key, Client: m.run.uploads.client,
		Key: id,
	}
	if m.network != nil {
		up.Client = m.run.uploads.slow
	}
	for ctx.Err() == nil {
		file, err := m.tryUpload(ctx, up)
		if err == nil {
			m.attach(number, file)
			m.post(number, text)
			return
		}
		reason, final := whyNot(err)
		if final {
			if _, _, ok := m.answered(up.Key); ok {
				m.run.refused(reason)
				m.run.acts.failed(plan.Upload, reason)
			}
			return
		}
		if ctx.Err() == nil {
			m.run.uploadFailed(reason)
		}
		pause := time.NewTimer(rand.N(2 * uploadPause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// whyNot returns why an upload failed, as status and code, and whether it would
// fail again for the rest of the run.
func whyNot(err error) (reason string, final bool) {
	refusal, ok := errors.AsType[*client.RefusedError](err)
	if !ok {
		return "no answer", false
	}
	reason = strings.TrimSpace(fmt.Sprintf("%d %s", refusal.Status, refusal.Code))
	return reason, refusal.Final() || refusal.Code == quota
}

// quota is the code for files that there is no room for. That of a guest's
// address may be used up until tomorrow.
const quota = "quota"

func (m *member) tryUpload(ctx context.Context, up client.Upload) (client.File, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTime)
	defer cancel()
	return up.Do(ctx, strings.NewReader(m.run.uploads.content))
}

// attach gives a pending message its file.
func (m *member) attach(number uint64, file client.File) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if does, ok := m.pending[number]; ok {
		does.file = file
		m.pending[number] = does
	}
}

package run

import (
	"time"

	"livechat/load/record"
)

// connect changes the number of connected clients of a server by n.
func (r *run) connect(app string, n int) {
	r.online.Add(int64(n))
	if n < 0 {
		r.breaks.Add(1)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.onlineBy[app] += n
	if n < 0 && r.onlineBy[app] == 0 {
		r.emptied[app] = true
	}
}

func (r *run) failed(err error) {
	r.failures.Add(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = err
}

func (r *run) closed(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closedBy[code]++
}

func (r *run) refused(code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refusedBy[code]++
}

func (r *run) uploadFailed(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.uploadsBy[reason]++
}

func (r *run) mark(text string) { r.markAt(time.Now(), text) }

// markAt records an event that is noticed later than it happened.
func (r *run) markAt(at time.Time, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marks = append(r.marks, record.Mark{At: at.Sub(r.began).Seconds(), Text: text})
}

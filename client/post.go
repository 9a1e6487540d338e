package client

import (
	"bytes"
	"context"
	"runtime"
	"strconv"
	"unicode/utf8"
)

// maxPosts is how many texts may wait to be sent by Post.
const maxPosts = 256

// post is a text that waits to be sent.
type post struct {
	text string
	more []More
	done func(Ack, error)
}

// Post sends text as Send does, without waiting, so it may be called anywhere,
// also in the event handler. Texts are sent one after the other, in the order
// of the calls. If done is not nil, it is called with the outcome in a
// goroutine of the session: the ack, or the error that Send would have
// returned. Post itself returns ErrTooMany if 256 texts wait, an error that
// wraps ErrEnded if Run has returned, or an error if the text is not valid
// UTF-8; then done is not called.
func (s *Session) Post(text string, done func(Ack, error), more ...More) error {
	if !utf8.ValidString(text) {
		return errEncoding
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.over != nil:
		return endedBy(s.over)
	case len(s.posts) == maxPosts:
		return ErrTooMany
	}
	s.posts = append(s.posts, post{text, more, done})
	s.sendPostsLocked()
	return nil
}

// beginPosts sends what was posted before Run.
func (s *Session) beginPosts() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = true
	s.sendPostsLocked()
}

// sendPostsLocked starts the sending goroutine if there is something to send
// and none is running. It ends when there is nothing left.
func (s *Session) sendPostsLocked() {
	if s.running && !s.sender && len(s.posts) > 0 {
		s.sender = true
		s.posting.Go(s.sendPosts)
	}
}

// sendPosts sends posted texts in order. When the session has ended, sending
// fails at once, and so every done is called.
func (s *Session) sendPosts() {
	for {
		s.mu.Lock()
		if len(s.posts) == 0 {
			s.posts, s.sender = nil, false
			s.mu.Unlock()
			return
		}
		p := s.posts[0]
		s.posts = s.posts[1:]
		s.mu.Unlock()
		s.sendPost(p)
	}
}

func (s *Session) sendPost(p post) {
	// It ends with the session, which answers all pending sends.
	ack, err := s.Send(context.Background(), p.text, p.more...)
	if p.done != nil {
		p.done(ack, err)
	}
}

// goroutine returns the number of the calling goroutine, 0 if that cannot be
// read. It answers one question: whether Send is called where it could only
// wait for itself.
func goroutine() uint64 {
	var b [64]byte
	line := bytes.TrimPrefix(b[:runtime.Stack(b[:], false)], []byte("goroutine "))
	digits, _, _ := bytes.Cut(line, []byte(" "))
	n, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

var errEncoding = errors.New("text is not valid UTF-8")

// Send posts text and waits until the log has it, however many connections that
// takes: a message that was not acked goes out again on the next one, with the
// same id, so that it appears once. What the server declines for a while (too
// fast, Redis away) is tried again too. The error is a *Error if the server
// declined for good, a *CloseError if it closed the connection because of what
// was sent, ctx's if that ended first, or wraps ErrEnded if Run returned, or is
// ErrUnknown, or ErrInHandler. Whoever sends one message after the other has
// them in the log in that order.
func (s *Session) Send(ctx context.Context, text string) (Ack, error) {
	return s.SendAs(ctx, uuid.NewString(), text)
}

// SendAs is Send with an id of the caller's own, a UUID, which it knows even if no ack comes: who sends the same text with the same id later, from any
// session with the same GuestKey or of the same account, has it in the log once. Two calls at a time must not share an id.
func (s *Session) SendAs(ctx context.Context, id, text string) (Ack, error) {
	if !utf8.ValidString(text) {
		return Ack{}, errEncoding
	}
	if me := goroutine(); me != 0 && me == s.runner.Load() {
		return Ack{}, ErrInHandler
	}
	m := &sending{answers: make(chan answer, 1)}
	s.await(id, m)
	defer s.forget(id)
	for {
		conn, changed, err := s.connection()
		if err != nil {
			return Ack{}, err
		}
		if conn != nil && len(m.answers) == 0 {
			if done, ack, err := s.beforePost(m); done {
				return ack, err
			}
			_ = conn.Post(id, text) // a write that fails ends the connection, which shows as a change
		}
		select {
		case a := <-m.answers:
			wait, again := s.retry(a.err)
			if !again {
				return a.ack, a.err
			}
			if err := pause(ctx, wait); err != nil {
				return Ack{}, err
			}
		case <-changed:
		case <-time.After(s.options.AckTimeout):
		case <-ctx.Done():
			return Ack{}, fmt.Errorf("wait for the ack: %w", context.Cause(ctx))
		}
	}
}

// retry reports whether a message that was answered with err is worth another try, and when.
func (s *Session) retry(err error) (time.Duration, bool) {
	var e *Error
	if !errors.As(err, &e) || !e.Retryable {
		return 0, false
	}
	return e.RetryAfter() + rand.N(s.options.MinBackoff), true
}

// Typing tells the others that somebody is writing here; without a connection it does nothing.
func (s *Session) Typing() {
	if conn, _, err := s.connection(); err == nil && conn != nil {
		_ = conn.Typing() // not worth a second try
	}
}

// connection returns where to send now, nil if there is nowhere, and a channel that is closed when that changes.
func (s *Session) connection() (*Conn, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return nil, nil, endedBy(s.over)
	}
	return s.link, s.changed, nil
}

// relinkLocked makes conn the place where Sends go, nil for nowhere, and wakes up those that wait for an ack.
func (s *Session) relinkLocked(conn *Conn) {
	if s.catchUp != nil {
		s.catchUp.limit.Stop()
		s.catchUp = nil
	}
	s.link = conn
	close(s.changed)
	s.changed = make(chan struct{})
}

// unlink takes note that the connection ended. If something that was sent is to blame, it is not known what, so everything in flight is given up:
// sending it again would end the next connection, and so on without end.
func (s *Session) unlink(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var c *CloseError
	if errors.As(err, &c) && c.blamesMessage() {
		s.answerAllLocked(answer{err: c})
	}
	s.relinkLocked(nil)
}

func endedBy(cause error) error { return fmt.Errorf("%w: %w", ErrEnded, cause) }

// end lets every Send return.
func (s *Session) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = err
	s.answerAllLocked(answer{err: fmt.Errorf("%w: %w", ErrEnded, err)})
	s.relinkLocked(nil)
}

func (s *Session) await(id string, m *sending) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sends[id] = m
}

func (s *Session) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sends, id)
}

// settle hands event to the Send that waits for it, if there is one.
func (s *Session) settle(event Event) bool {
	id, a, ok := answered(event)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.sends[id]
	if ok {
		offer(m.answers, a)
	}
	return ok
}

func (s *Session) answerAllLocked(a answer) {
	for _, m := range s.sends {
		offer(m.answers, a)
	}
}

// offer does not block: an answer that Send has not looked at yet is as good as the next one.
func offer(answers chan answer, a answer) {
	select {
	case answers <- a:
	default:
	}
}

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

// Send posts text and waits until it is in the log, over as many connections as
// that takes: a message without an ack is sent again on the next one, with the
// same id, so that it appears once. A message that the server declines for a
// while (rate limit, Redis unavailable) is retried, too. The error is a *Error
// if the server declined for good, a *CloseError if it closed the connection
// because of the message, ctx's if that ended first, wraps ErrEnded if Run
// returned, or is ErrUnknown or ErrInHandler. Messages that one goroutine sends
// one after the other have that order in the log.
func (s *Session) Send(ctx context.Context, text string, more ...More) (Ack, error) {
	return s.SendAs(ctx, uuid.NewString(), text, more...)
}

// SendAs is Send with an id of the caller's choice, a UUID, which is known even
// if no ack comes: sent again later with the same content, from any session with
// the same GuestKey or of the same account, the message is in the log once. Two
// calls at a time must not share an id.
func (s *Session) SendAs(ctx context.Context, id, text string, more ...More) (Ack, error) {
	for _, one := range more {
		if _, err := one(nil); err != nil {
			return Ack{}, err
		}
	}
	return s.send(ctx, id, text, func(c *Conn) error { return c.Post(id, text, more...) })
}

// Edit gives a message of this session's author another text, as Send sends
// one: it waits until the edit is in the log, which then has it once. Without a
// GuestKey or an account, only the connection that sent a message may edit it.
// The code of an *Error says why the server declined.
func (s *Session) Edit(ctx context.Context, message Target, text string) (Ack, error) {
	return s.EditAs(ctx, uuid.NewString(), message, text)
}

// EditAs is Edit with an id of the caller's choice for the edit, as SendAs says.
func (s *Session) EditAs(ctx context.Context, id string, message Target, text string) (Ack, error) {
	return s.send(ctx, id, text, func(c *Conn) error { return c.PostEdit(id, message, text) })
}

// Delete deletes a message of this session's author, as Edit edits one. Deleting
// it again is no error.
func (s *Session) Delete(ctx context.Context, message Target) (Ack, error) {
	return s.DeleteAs(ctx, uuid.NewString(), message)
}

// DeleteAs is Delete with an id of the caller's choice for the delete, as SendAs
// says.
func (s *Session) DeleteAs(ctx context.Context, id string, message Target) (Ack, error) {
	return s.send(ctx, id, "", func(c *Conn) error { return c.PostDelete(id, message) })
}

// React sets an emoji under a message, whoever wrote it, or takes it back if on is
// false, and waits until that is kept. Each person has each emoji once: without a
// GuestKey or an account a connection is a person. The counts come as Reactions.
// emoji is one emoji of Unicode's list. The errors are those of Send.
func (s *Session) React(ctx context.Context, message Target, emoji string, on bool) error {
	id := uuid.NewString()
	_, err := s.send(ctx, id, emoji, func(c *Conn) error { return c.PostReact(id, message, emoji, on) })
	return err
}

// send posts something under an id, as SendAs says.
func (s *Session) send(ctx context.Context, id, text string, post func(*Conn) error) (Ack, error) {
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
			_ = post(conn) // a failed write ends the connection, which shows as a change
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

// retry reports whether a message that was answered with err should be sent
// again, and when.
func (s *Session) retry(err error) (time.Duration, bool) {
	var e *Error
	if !errors.As(err, &e) || !e.Retryable {
		return 0, false
	}
	return e.RetryAfter() + rand.N(s.options.MinBackoff), true
}

// Typing tells the room that the user is typing. Without a connection it does
// nothing.
func (s *Session) Typing() {
	if conn, _, err := s.connection(); err == nil && conn != nil {
		_ = conn.Typing() // not worth a retry
	}
}

// connection returns the connection to send on, nil if there is none, and a
// channel that is closed when that changes.
func (s *Session) connection() (*Conn, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return nil, nil, endedBy(s.over)
	}
	return s.link, s.changed, nil
}

// relinkLocked makes conn the connection for Sends, nil for none, and wakes
// those that wait for an ack.
func (s *Session) relinkLocked(conn *Conn) {
	if s.catchUp != nil {
		s.catchUp.limit.Stop()
		s.catchUp = nil
	}
	s.link = conn
	close(s.changed)
	s.changed = make(chan struct{})
}

// unlink records that the connection ended. If something that was sent is to
// blame, it is unknown what, so all pending messages fail: sent again, they
// would end every further connection.
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

// end makes every Send return.
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

// resolve passes event to the Send that waits for it, if there is one.
func (s *Session) resolve(event Event) bool {
	id, a, ok := answered(event)
	if !ok {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.sends[id]
	if ok {
		put(m.answers, a)
	}
	return ok
}

func (s *Session) answerAllLocked(a answer) {
	for _, m := range s.sends {
		put(m.answers, a)
	}
}

// put does not block: an answer that Send has not read yet is as good as the
// next one.
func put(answers chan answer, a answer) {
	select {
	case answers <- a:
	default:
	}
}

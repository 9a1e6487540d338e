package chat

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Log is the state of a room's log: its newest message and its earlier epochs.
//
// Whenever a log may have lost messages it continues in a new epoch, and its
// numbering goes on. So a log is a chain of epochs in which a seq means one
// message. A message of an earlier epoch is part of the log if that epoch did
// not end before it.
type Log struct {
	Head   Position
	Epochs EpochHistory
}

// Has reports whether a position is in the log, or was before the log was
// trimmed.
func (l Log) Has(p Position) bool {
	if p.Epoch == l.Head.Epoch {
		return true
	}
	end, ok := l.Epochs.End(p.Epoch)
	return ok && p.Seq <= end
}

// HasEntry reports whether an entry of the log's stream is part of the log. If
// its epoch is no longer remembered, the entry is part of the log if it is
// older than the end of the oldest epoch that is.
func (l Log) HasEntry(p Position) bool {
	if l.Has(p) {
		return true
	}
	_, ended := l.Epochs.End(p.Epoch)
	return !ended && len(l.Epochs) >= MaxEpochs && p.Seq <= l.Epochs[0].Seq
}

// EpochOf returns the epoch that gave seq, or the oldest that is remembered if
// seq is older.
func (l Log) EpochOf(seq uint64) string {
	for _, end := range l.Epochs {
		if seq <= end.Seq {
			return end.Epoch
		}
	}
	return l.Head.Epoch
}

// EpochHistory lists where each earlier epoch of a log ended, oldest first.
type EpochHistory []Position

// MaxEpochs is how many earlier epochs a log remembers while it has messages of
// them; 16 otherwise. A client that returns from an older epoch starts over.
const MaxEpochs = 256

// RepublishAge is the maximum age of a lost message that a server republishes.
// It is well below ID_TTL, so the log still recognizes the message if another
// server has already republished it.
const RepublishAge = 10 * time.Minute

// End returns the last seq of an earlier epoch.
func (l EpochHistory) End(epoch string) (seq uint64, ok bool) {
	for _, p := range l {
		if p.Epoch == epoch {
			return p.Seq, true
		}
	}
	return 0, false
}

// Before returns the epochs before the given one; all of them if it has not
// ended.
func (l EpochHistory) Before(epoch string) EpochHistory {
	for i, p := range l {
		if p.Epoch == epoch {
			return l[:i]
		}
	}
	return l
}

// String returns the text form: positions with a space between them.
func (l EpochHistory) String() string {
	words := make([]string, len(l))
	for i, p := range l {
		words[i] = p.String()
	}
	return strings.Join(words, " ")
}

// ParseEpochHistory reads the text form.
func ParseEpochHistory(s string) (l EpochHistory, err error) {
	for word := range strings.FieldsSeq(s) {
		p, err := ParsePosition(word)
		if err != nil {
			return nil, fmt.Errorf("read epoch history %q: %w", s, errors.New("want positions"))
		}
		l = append(l, p)
	}
	return l, nil
}

// ErrLogClosed says that a log accepts no messages while servers restore what
// it has lost. That takes a moment.
var ErrLogClosed = &Error{
	Code: CodeUnavailable, Message: "the room's log is being repaired; try again", Retryable: true,
	RetryAfterMS: 1000,
}

package bus

import (
	"testing"

	"livechat/server/chat"
)

// wantDense fails unless seqs are n consecutive numbers from from on.
func wantDense(t testing.TB, what string, seqs []uint64, from uint64, n int) {
	t.Helper()
	if len(seqs) != n {
		t.Fatalf("%s: %d messages, want %d: %v", what, len(seqs), n, seqs)
	}
	for i, seq := range seqs {
		if seq != from+uint64(i) {
			t.Fatalf("%s: message %d has seq %d, want %d: %v", what, i, seq, from+uint64(i), seqs)
		}
	}
}

func wantUnavailable(t testing.TB, err error) {
	t.Helper()
	if e := chat.AsError(err); err == nil || e.Code != chat.CodeUnavailable || !e.Retryable ||
		e.RetryAfterMS <= 0 {
		t.Errorf("error %v, want a retryable %s", err, chat.CodeUnavailable)
	}
}

package chat

import "testing"

// A summary is the same entry whatever the counts are when it is appended.
func TestReactionsAreOneEntry(t *testing.T) {
	target := Target{Seq: 7, ID: ExampleUUID}
	asked := ReactionsTo(target, payloadID, "1000")
	told := asked
	told.Extra += `,"counts":{"👍":2}`
	if DigestOf(&asked) != DigestOf(&told) || asked.Key() != told.Key() {
		t.Error("with counts it is another entry")
	}
	if about, deleted := told.About(); about != target || deleted {
		t.Errorf("about %v, %v", about, deleted)
	}
	other := ReactionsTo(Target{Seq: 7, ID: "0b9d0000-0000-4000-8000-000000000002"}, payloadID, "1000")
	if DigestOf(&other) == DigestOf(&asked) {
		t.Error("a summary of another message has the same digest")
	}
}

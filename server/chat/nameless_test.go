package chat

import "testing"

// A moderator may know a message without its author: its number tells it.
func TestDeleteWithoutAuthor(t *testing.T) {
	t.Parallel()
	at := Target{Seq: 5, ID: "x"}
	m := Message{Seq: 5, ID: "x", Author: "@ann", Text: "hello"}
	edit := Message{Seq: 9, ID: "y", Type: TypeEdit, Author: "@ann", Text: "hi", Extra: ExtraOf(at)}
	for seq, want := range map[uint64]bool{5: true, 6: false} {
		at.Seq = seq
		d := Message{Type: TypeDelete, ID: "z", Author: DeletedAuthor, Extra: ByAuthor(at)}
		for _, of := range []Message{m, edit} {
			if after, ok := of.After(&d); ok != want || want == (after.Text != "") {
				t.Errorf("a delete of %d makes %+v of %+v", seq, after, of)
			}
		}
	}
}

package store_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func testImportNotEmpty(t *testing.T, w *world) {
	before := export(t, w.Store)
	if _, err := w.Import(t.Context(), strings.NewReader(before)); err == nil ||
		!strings.Contains(err.Error(), "not empty") {
		t.Errorf("users are there: %v", err)
	}
	same(t, "the store", export(t, w.Store), before)
	w.clear()
	w.archive(w.roomMessages("livechat", epochA, 1, 1))
	if _, err := w.Import(t.Context(), strings.NewReader(before)); err == nil ||
		!strings.Contains(err.Error(), "not empty") {
		t.Errorf("a room message is there: %v", err)
	}
}

func testImportIDs(t *testing.T, w *world) {
	w.clear()
	_, err := w.Import(t.Context(), strings.NewReader(sound(
		`{"type":"user","id":1000,"name":"ann","skeleton":"ann","hash":"h","created":1}`)))
	w.must(err)
	ann, _, err := w.UserByName(t.Context(), "ann")
	w.must(err)
	same(t, "the id", ann.ID, 1000)
	w.must(w.Exec(t.Context(), // as an earlier version does
		`INSERT INTO users (name, skeleton, hash, created) VALUES ('next', 'next', 'h', 1)`))
	next, _, err := w.UserByName(t.Context(), "next")
	w.must(err)
	if next.ID <= 1000 {
		t.Errorf("an earlier version gives the id %d", next.ID)
	}
}

// sound adds header and end to lines.
func sound(lines ...string) string {
	all := append([]string{`{"type":"livechat","version":1}`}, lines...)
	all = append(all, fmt.Sprintf(`{"type":"end","lines":%d}`, len(lines)))
	return strings.Join(all, "\n") + "\n"
}

const (
	ann  = `{"type":"user","id":1,"name":"ann","skeleton":"ann","hash":"sesame","created":1}`
	bob  = `{"type":"user","id":2,"name":"bob","skeleton":"bob","hash":"sesame","created":1}`
	eve  = `{"type":"user","id":3,"name":"eve","skeleton":"eve","hash":"sesame","created":1}`
	both = `{"type":"chat","id":"00000000-0000-4000-8000-000000000001","a":1,"b":2,"created":1,` +
		`"updated":2,"last":2,"read_a":0,"read_b":1}`
	one = `{"type":"message","chat":"00000000-0000-4000-8000-000000000001","n":1,` +
		`"id":"00000000-0000-4000-8000-0000000000a1","author":1,"text":"sesame","at":2}`
	two = `{"type":"message","chat":"00000000-0000-4000-8000-000000000001","n":2,` +
		`"id":"00000000-0000-4000-8000-0000000000a2","author":2,"text":"sesame","at":3}`
	smiled = `{"type":"message_reaction","chat":"00000000-0000-4000-8000-000000000001","n":2,` +
		`"user":1,"emoji":"😀","at":4}`
	heard = `{"type":"room_message","room":"hall","epoch":"aa","seq":1,"id":"x","app":"A",` +
		`"session":"s","name":"n","text":"sesame","at":4}`
	ended = `{"type":"audit","at":5,"actor_name":"operator","action":"user.sessions",` +
		`"target_kind":"user","target_id":"1","target_name":"sesame","reason":"because",` +
		`"details":{"sessions":1}}`
	made = `{"type":"room","name":"hall","title":"sesame","topic":"","access":"invite","listed":false,` +
		`"retention":0,"creator":0,"created":1}`
	ruler = `{"type":"room_member","room":"hall","user":1,"role":"owner","since":1}`
	liked = `{"type":"reaction","room":"hall","target":"x","person":"s","emoji":"👍",` +
		`"name":"sesame","at":5,"on":true}`
)

func testImportUnsound(t *testing.T, w *world) {
	w.clear()
	nothing := export(t, w.Store)
	with := func(line, old, new string) string {
		changed := strings.Replace(line, old, new, 1)
		if changed == line {
			t.Fatalf("%s is not in %s", old, line)
		}
		return changed
	}
	all := sound(ann, bob, both, one, two, heard)
	for _, c := range []struct{ name, input, want string }{
		{"nothing", "", "line 1: want"},
		{"no header", ann + "\n", "line 1: want"},
		{"two headers", sound(`{"type":"livechat","version":1}`), "line 2: want"},
		{"another version", with(all, `"version":1`, `"version":2`), "line 1: unknown version 2"},
		{"cut off in a line", all[:len(all)-5], "line 8: not JSON"},
		{"cut off between lines", all[:strings.Index(all, `{"type":"end"`)], "line 8: the export is cut off"},
		{"a line too few", with(all, one+"\n", ""), "line 5: the chat's messages"},
		{"the last message too few", with(all, two+"\n", ""), "line 7: lines are missing"},
		{"the last message too few, counted", sound(ann, bob, both, one, heard),
			"line 7: messages of the previous chat"},
		{"no message at all", sound(ann, bob, both, heard), "line 6: messages of a chat"},
		{"a message too many", sound(ann, bob, both, one, two,
			with(with(one, `"n":1`, `"n":3`), "a1", "a3")), "line 7: the chat's messages"},
		{"more after the end", all + "\n", "line 9: there is a line after"},
		{"an empty line", with(all, bob+"\n", "\n"), "line 3: not"},
		{"not JSON", sound(ann, "sesame"), "line 3: not JSON"},
		{"two objects", sound(ann, bob+bob), "line 3: not JSON"},
		{"no object", sound(ann, `"sesame"`), "line 3: not a JSON object"},
		{"null", sound("null"), "line 2: not a JSON object"},
		{"no type", sound(`{"id":1}`), "line 2: type is missing"},
		{"type of another type", sound(`{"type":7}`), "line 2: type is missing"},
		{"unknown type", sound(`{"type":"sesame"}`), "line 2: unknown type"},
		{"unknown field", sound(ann, with(bob, `"name"`, `"sesame":1,"name"`)), "line 3: unknown field"},
		{"field in capitals", sound(ann, with(bob, `"hash"`, `"Hash"`)), `line 3: field "hash" is missing`},
		{"field twice", sound(ann, with(bob, `"hash"`, `"hash":"x","hash"`)), "line 3: not JSON"},
		{"field missing", sound(ann, with(bob, `"hash":"sesame",`, "")), `line 3: field "hash" is missing`},
		{"null field", sound(ann, with(bob, `"sesame"`, "null")), `line 3: field "hash" is null`},
		{"text for a number", sound(ann, with(bob, `"id":2`, `"id":"sesame"`)),
			`line 3: field "id" is not of type int64`},
		{"fraction", sound(ann, with(bob, `"id":2`, `"id":2.5`)), `line 3: field "id" is not of type int64`},
		{"too large", sound(ann, with(bob, `"created":1`, `"created":9223372036854775808`)),
			`line 3: field "created" is not of type int64`},
		{"number for text", sound(ann, with(bob, `"sesame"`, `5`)),
			`line 3: field "hash" is not of type string`},
		{"broken UTF-8", sound(ann, with(bob, `sesame`, "\xff")), "line 3: not JSON"},
		{"half a surrogate", sound(ann, with(bob, `sesame`, `\ud800`)), "line 3: not JSON"},
		{"zero byte in a name", sound(ann, with(bob, `"bob"`, `"b\u0000b"`)),
			"line 3: a text has a zero byte"},
		{"zero byte in a hash", sound(ann, with(bob, `sesame`, `\u0000`)), "line 3: a text has a zero byte"},
		{"zero byte in a message", sound(ann, bob, both, with(one, `sesame`, `\u0000`)),
			"line 5: a text has a zero byte"},
		{"zero byte in a room", sound(ann, with(heard, `sesame`, `\u0000`)),
			"line 3: a text has a zero byte"},
		{"id 0", sound(with(ann, `"id":1`, `"id":0`)), "line 2: the id must be"},
		{"last of all ids", sound(with(ann, `"id":1`, `"id":9223372036854775807`)), "line 2: the id must be"},
		{"id twice", sound(ann, with(bob, `"id":2`, `"id":1`)), "line 3: "},
		{"name twice", sound(ann, with(bob, `"bob"`, `"ann"`)), "line 3: "},
		{"skeleton twice", sound(ann, with(bob, `"skeleton":"bob"`, `"skeleton":"ann"`)), "line 3: "},
		{"no name", sound(with(ann, `"name":"ann",`, "")), "line 2: an account has"},
		{"empty name", sound(with(ann, `"name":"ann"`, `"name":""`)), "line 2: name or skeleton"},
		{"no hash", sound(with(ann, `sesame`, "")), "line 2: an account has"},
		{"deleted with a name", sound(with(ann, `"created":1`, `"created":1,"deleted":2`)),
			"line 2: an account has"},
		{"chat of nobody", sound(ann, with(both, `"last":2`, `"last":0`), bob), "line 3: "},
		{"chat with oneself", sound(ann, with(both, `"b":2`, `"b":1`)), "line 3: a must be lower"},
		{"chat twice", sound(ann, bob, both, both), "line 5: "},
		{"chat without an id", sound(ann, bob,
			with(both, "00000000-0000-4000-8000-000000000001", "sesame")), "line 4: id is not"},
		{"read too much", sound(ann, bob, with(both, `"read_a":0`, `"read_a":3`)), "line 4: want 0 <="},
		{"message in no chat", sound(ann, one), "line 3: no line above"},
		{"message of an outsider", sound(ann, bob, eve, both, with(one, `"author":1`, `"author":3`)),
			"line 6: the author"},
		{"message twice", sound(ann, bob, both, one, with(two, "a2", "a1")), "line 6: "},
		{"message without an id", sound(ann, bob, both,
			with(one, "00000000-0000-4000-8000-0000000000a1", "sesame")), "line 5: id is not"},
		{"room message twice", sound(heard, heard), "line 3: duplicate message"},
		{"room without a name", sound(with(heard, "hall", "")), "line 2: room or epoch"},
		{"counts that are none", sound(with(heard, `"at":4`, `"at":4,"reactions":{"👍":0}`)),
			"line 2: reactions are not counts"},
		{"counts of text", sound(with(heard, `"at":4`, `"at":4,"reactions":{"👍":"sesame"}`)),
			"line 2: reactions are not counts"},
		{"reaction twice", sound(heard, liked, liked), "line 4: duplicate reaction"},
		{"reaction of nobody", sound(with(liked, `"person":"s"`, `"person":""`)), "line 2: room, target"},
		{"zero byte in a reaction", sound(with(liked, `sesame`, `\u0000`)), "line 2: a text has a zero byte"},
		{"reaction to no message", sound(ann, bob, both, one, two, with(smiled, `"n":2`, `"n":3`)),
			"line 7: no line above"},
		{"reaction of an outsider", sound(ann, bob, eve, both, one, two, with(smiled, `"user":1`, `"user":3`)),
			"line 8: no line above"},
		{"private reaction twice", sound(ann, bob, both, one, two, smiled, smiled), "line 8: "},
		{"zero byte in an emoji", sound(ann, bob, both, one, two, with(smiled, `😀`, `\u0000`)),
			"line 7: a text has a zero byte"},
		{"no emoji", sound(ann, bob, both, one, two, with(smiled, `😀`, ``)), "line 7: emoji is empty"},
		{"no counts in a chat", sound(ann, bob, both, one, with(two, `"at":3`, `"at":3,"reactions":[]`)),
			"line 6: reactions are not counts"},
		{"unknown role", sound(with(ann, `"created":1`, `"created":1,"role":"sesame"`)),
			"line 2: unknown role"},
		{"role of a deleted account", sound(`{"type":"user","id":1,"skeleton":"ann","hash":"","created":1,` +
			`"deleted":2,"role":"admin"}`), "line 2: unknown role, or a role of a deleted account"},
		{"nothing done", sound(with(ended, `user.sessions`, ``)), "line 2: action or actor_name is empty"},
		{"done by nobody", sound(with(ended, `operator`, ``)), "line 2: action or actor_name is empty"},
		{"zero byte in a reason", sound(with(ended, `because`, `\u0000`)), "line 2: a text has a zero byte"},
		{"details of text", sound(with(ended, `{"sessions":1}`, `"sesame"`)),
			"line 2: details are not an object"},
		{"room twice", sound(made, made), "line 3: duplicate room"},
		{"room of no access", sound(with(made, "invite", "sesame")), "line 2: name or access"},
		{"room without a name", sound(with(made, "hall", "")), "line 2: name or access"},
		{"room below 0", sound(with(made, `"created":1`, `"created":-1`)), "line 2: a number"},
		{"zero byte in a title", sound(with(made, `sesame`, `\u0000`)), "line 2: a text has a zero byte"},
		{"member twice", sound(ann, made, ruler, ruler), "line 5: duplicate member"},
		{"two owners", sound(ann, bob, made, ruler, with(ruler, `"user":1`, `"user":2`)),
			"line 6: duplicate member or owner"},
		{"member of no room", sound(ann, ruler), "line 3: duplicate member or owner, or no line above"},
		{"member without an account", sound(made, ruler), "line 3: duplicate member"},
		{"unknown role in a room", sound(ann, made, with(ruler, "owner", "sesame")), "line 4: unknown role"},
		{"rules twice", sound(ruled, ruled), "line 3: duplicate rules"},
		{"rules of no room", sound(with(ruled, "hall", "")), "line 2: room is empty"},
		{"too slow", sound(with(ruled, `"slow_ms":0`, `"slow_ms":21600001`)), "line 2: want 0 <= slow_ms"},
		{"rules without a version", sound(with(ruled, `"version":1`, `"version":0`)),
			"line 2: want 0 <= slow_ms"},
		{"ban twice", sound(ruled, bannd, bannd), "line 4: duplicate ban"},
		{"ban without rules", sound(bannd), "line 2: duplicate ban, or no line above"},
		{"ban of another kind", sound(ruled, with(bannd, `"kind":"ban"`, `"kind":"kick"`)),
			"line 3: room, kind"},
		{"ban of nobody", sound(ruled, with(bannd, `"subject":"x"`, `"subject":""`)), "line 3: room, kind"},
		{"zero byte in a reason", sound(ruled, with(bannd, `sesame`, `\u0000`)),
			"line 3: a text has a zero byte"},
		{"endless line", sound(with(heard, "sesame", strings.Repeat("x", 17<<20))), "line 2: read: "},
	} {
		_, err := w.Import(t.Context(), strings.NewReader(c.input))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: the error quotes what it read: %v", c.name, err)
		}
		if after := export(t, w.Store); after != nothing {
			t.Fatalf("%s: there is something in the store: %s", c.name, after)
		}
	}
	broken := errors.New("connection lost")
	_, err := w.Import(t.Context(), io.MultiReader(strings.NewReader(ann), errorReader{broken}))
	if err == nil {
		t.Error("a broken input was imported")
	}
	// and the lines that they were made of are valid
	_, err = w.Import(t.Context(), strings.NewReader(all))
	w.must(err)
	same(t, "what was imported", export(t, w.Store), all)
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

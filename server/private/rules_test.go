package private

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestCursorRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		want := store.ChatCursor{Updated: time.UnixMilli(rapid.Int64Range(0, maxTime).Draw(t,
			"updated")).UTC(), ID: id.String()}
		got, err := parseCursor(formatCursor(want))
		if err != nil || *got != want {
			t.Fatalf("%v parses as %v, %v", want, got, err)
		}
	})
}

func TestCursorIsCheckedStrictly(t *testing.T) {
	good := formatCursor(store.ChatCursor{Updated: time.UnixMilli(1763770000000), ID: chatID})
	high := formatCursor(store.ChatCursor{Updated: time.UnixMilli(1763770000000),
		ID: "ffffffff-ffff-ffff-ffff-ffffffffffff"})
	for what, s := range map[string]string{
		"the other alphabet":     strings.ReplaceAll(high, "_", "/"),
		"line break and nothing": strings.Repeat("A", 31) + "\n",
		"a word":                 "next", "shorter": good[1:], "longer": good + "A", "padded": good + "=",
		"line break": good[:31] + "\n", "line break more": good + "\n", "NUL": "\x00" + good[1:],
		"a time before 1970": "_" + good[1:], "a time after 9999": "AQ" + good[2:],
		"long": strings.Repeat(good, 1000),
	} {
		if c, err := parseCursor(s); err == nil || chat.AsError(err).Code != chat.CodeBadRequest {
			t.Errorf("%s: parseCursor(%q) = %v, %v", what, s, c, err)
		}
	}
	if c, err := parseCursor(""); c != nil || err != nil {
		t.Errorf("parseCursor of an empty string = %v, %v", c, err)
	}
}

// parseCursor accepts exactly what formatCursor returns.
func FuzzCursor(f *testing.F) {
	f.Add(formatCursor(store.ChatCursor{Updated: time.UnixMilli(1763770000000), ID: chatID}))
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := parseCursor(s); err == nil && c != nil && formatCursor(*c) != s {
			t.Errorf("parseCursor(%q) = %v", s, c)
		}
	})
}

func TestIDs(t *testing.T) {
	upper := strings.ToUpper(messageA)
	if id, err := messageID(upper); err != nil || id != messageA {
		t.Errorf("messageID(%s) = %s, %v", upper, id, err)
	}
	if id, err := messageID(""); err != nil || uuid.Validate(id) != nil {
		t.Errorf("messageID of an empty string = %s, %v", id, err)
	}
	for _, s := range []string{"1", "urn:uuid:" + messageA, "{" + messageA + "}",
		strings.ReplaceAll(messageA, "-", ""), messageA + " ", messageA[:35] + "g"} {
		if id, err := messageID(s); err == nil || chat.AsError(err).Code != chat.CodeBadRequest {
			t.Errorf("messageID(%q) = %s, %v", s, id, err)
		}
		if id, err := parseChat(s); err == nil || chat.AsError(err).Code != chat.CodeNotFound {
			t.Errorf("parseChat(%q) = %s, %v", s, id, err)
		}
	}
}

func TestCanBeName(t *testing.T) {
	for name, want := range map[string]bool{"bob": true, "b-0_z": true, strings.Repeat("b", maxName): true,
		"": false, "Bob": false, "b b": false, "b\x00": false, "\xff": false, strings.Repeat("b",
			maxName+1): false} {
		if got := canBeName(name); got != want {
			t.Errorf("canBeName(%q) = %t", name, got)
		}
	}
}

package archive

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/store"
)

func xadd(room string, seq int, payload string) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: key(room, "log"), ID: fmt.Sprint(seq, "-0"),
		Values: []string{"m", payload}}
}

func TestDecode(t *testing.T) {
	const good = `{"type":"message","seq":12,"id":"5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e","app":"1000",` +
		`"session":"s","author":"@ann","name":"ann","text":"é \" 😀","at":1763770000123,` +
		`"epoch":"0123456789abcdef"}`
	want := store.RoomMessage{
		Room: "den", Epoch: "0123456789abcdef", Seq: 12, ID: "5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e",
		App: "1000", Session: "s", Author: "@ann",
		Name: "ann", Text: `é " 😀`, At: time.Date(2025, 11, 22, 0, 6, 40, 123e6, time.UTC),
	}
	more, other, message, file := want, want, want, want
	file.Text, file.Extra = "", `"files":[{"id":"7f0a4c52-1d3e-4b6f-8a97-0c2d4e6f8a1b","name":"a",`+
		`"type":"b/c","size":1}]`
	message.Text, message.Deleted = "", true
	edit := message
	edit.Type, edit.Extra = "edit", `"target":{"seq":3,"id":"b1d7a7f6-2a47-4f5e-a30c-2b9a2c1f7d11"}`
	more.Extra = `"later":[1]`
	other.Type, other.Name, other.Text = "later", "", ""
	for payload, want := range map[string]store.RoomMessage{
		good: want,
		strings.Replace(good, `"app"`, `"later":[1],"app"`, 1):                                     more,
		strings.NewReplacer("message", "tombstone", `"text":"é \" 😀",`, "").Replace(good):          message,
		strings.NewReplacer("message", "tombstone", `"text":"é \" 😀"`, edit.Extra).Replace(good):   edit,
		strings.Replace(good, `é \" 😀"`, `",`+file.Extra, 1):                                       file,
		strings.NewReplacer("message", "later", `"name":"ann","text":"é \" 😀",`, "").Replace(good): other,
	} {
		if m, ok := decode("den", Entry{ID: "12-0", Payload: []byte(payload)}); !ok || m != want {
			t.Errorf("%s: %+v, %v", payload, m, ok)
		} else if again := string(payloadOf(m)); m.Deleted && again != payload {
			t.Errorf("%s becomes %s", payload, again)
		}
	}
	for _, test := range []struct{ name, id, old, new string }{
		{"place", "13-0", "", ""},
		{"second of a place", "12-1", "", ""},
		{"empty", "12-0", good, ""},
		{"no object", "12-0", good, `"hello"`},
		{"trailing data", "12-0", good, good + "1"},
		{"duplicate key", "12-0", `"app":"1000"`, `"app":"1000","app":"1000"`},
		{"no UTF-8", "12-0", "é", "\xff"},
		{"lone surrogate", "12-0", "é", `\ud800`},
		{"NUL", "12-0", "é", `\u0000`},
		{"NUL in a name", "12-0", "ann", `a\u0000`},
		{"type", "12-0", `"message"`, `""`},
		{"case", "12-0", `"type"`, `"Type"`},
		{"seq as text", "12-0", `12`, `"12"`},
		{"seq zero", "0-0", `:12`, `:0`},
		{"seq too big", "9007199254740992-0", `:12`, `:9007199254740992`},
		{"no id", "12-0", `5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e`, ""},
		{"another id", "12-0", `5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e`,
			"not-a-uuid-not-a-uuid-not-a-uuid-not"},
		{"id in another form", "12-0", `5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e`,
			"5f0c2b1e8a574d0f9b1e2f3a4b5c6d7e"},
		{"epoch", "12-0", "0123456789abcdef", "0123456789ABCDEF"},
		{"at", "12-0", "1763770000123", "0"},
		{"at too late", "12-0", "1763770000123", "253402300800000"},
		{"no name", "12-0", `"ann"`, `""`},
		{"no text", "12-0", `"é \" 😀"`, `""`},
		{"no text beside no files", "12-0", `"é \" 😀"`, `"","files":[]`},
		{"tombstone with a text", "12-0", "message", "tombstone"},
	} {
		payload := good
		if test.old != "" {
			payload = strings.Replace(good, test.old, test.new, 1)
			if payload == good {
				t.Fatalf("%s changes nothing", test.name)
			}
		}
		if m, ok := decode("den", Entry{ID: test.id, Payload: []byte(payload)}); ok {
			t.Errorf("%s was taken: %+v", test.name, m)
		}
	}
}

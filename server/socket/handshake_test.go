package socket

import (
	"net/http"
	"net/url"
	"testing"

	"livechat/server/chat"
)

// FuzzParseQuery: an accepted query keeps the rules, and is accepted again.
func FuzzParseQuery(f *testing.F) {
	for _, q := range []string{"", "name=ann&room=tea&history=20", "after=0123456789abcdef:12", "name=a%00b",
		"history=-1", "name=%F0%9F%92%AC&name=b", "room=../x"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := parseQuery(values)
		if err != nil {
			if chat.AsError(err).Code == chat.CodeInternal || chat.AsError(err).Retryable {
				t.Errorf("%q: %v", raw, err)
			}
			return
		}
		name, err := chat.CleanName(q.name)
		if err != nil || name != q.name || chat.CheckRoom(q.room) != nil || q.history < 0 ||
			q.history > maxHistory {
			t.Errorf("%q was accepted as %+v, %v", raw, q, err)
		}
		if q.after != nil && values.Get("after") != q.after.String() {
			t.Errorf("%q was accepted as %v", raw, q.after)
		}
	})
}

// FuzzHandshake: an accepted request has one version, one key of the right
// length and no body.
func FuzzHandshake(f *testing.F) {
	f.Add("GET", "Upgrade", "websocket", "13", "", "dGhlIHNhbXBsZSBub25jZQ==", "", 0)
	f.Add("GET", "keep-alive, upgrade", "WebSocket", "13", "13",
		"AAAAAAAAAAAAAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAAAA==", 5)
	f.Fuzz(func(t *testing.T, method, connection, upgrade, version, version2, key, key2 string, length int) {
		h := http.Header{}
		for _, v := range [][2]string{
			{"Connection", connection}, {"Upgrade", upgrade},
			{"Sec-WebSocket-Version", version}, {"Sec-WebSocket-Version", version2},
			{"Sec-WebSocket-Key", key}, {"Sec-WebSocket-Key", key2},
		} {
			if v[1] != "" {
				h.Add(v[0], v[1])
			}
		}
		err := checkHandshake(&http.Request{
			Method: method, ProtoMajor: 1, ProtoMinor: 1, Header: h, ContentLength: int64(length),
		})
		if err != nil {
			if code := chat.AsError(err).Code; code != chat.CodeBadRequest &&
				code != chat.CodeUpgradeRequired && code != chat.CodeMethodNotAllowed {
				t.Errorf("refused with %v", err)
			}
			return
		}
		if method != "GET" || length != 0 || version+version2 != "13" || len(key+key2) != 24 ||
			key != "" && key2 != "" {
			t.Errorf("accepted %s of %d bytes with versions %q %q and keys %q %q",
				method, length, version, version2, key, key2)
		}
	})
}

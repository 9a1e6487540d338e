package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"livechat/internal/testapi"
)

// One account cannot post without end, and one address cannot create accounts
// without end; others are not affected.
func TestPostAndRegisterRates(t *testing.T) {
	t.Parallel()
	n := start(t, "POST_RATE=0.01", "POST_BURST=3", "REGISTER_RATE=0.01", "REGISTER_BURST=2")
	ann, bob, eve := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob"), newAPIUser(t, n, "eve")
	ann.register()
	bob.register()
	if answer := eve.do(http.StatusTooManyRequests, "POST", "/accounts/",
		map[string]string{"name": "eve", "password": testapi.Password}); answer["code"] != "rate_limited" {
		t.Errorf("the third account of this address: %v", answer)
	}
	chat := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/messages/"
	message := func() map[string]string { return map[string]string{"id": uuid.NewString(), "text": "x"} }
	for range 2 { // the chat was one, too
		ann.do(http.StatusCreated, "POST", chat, message())
	}
	for range 2 {
		if answer := ann.do(http.StatusTooManyRequests, "POST", chat, message()); answer["code"] != "rate_limited" {
			t.Errorf("the fourth: %v", answer)
		}
	}
	ann.do(http.StatusTooManyRequests, "POST", "/chats/", map[string]string{"with": "bob"})
	bob.do(http.StatusCreated, "POST", chat, message())
	if got := len(ann.do(http.StatusOK, "GET", chat, nil)["messages"].([]any)); got != 3 {
		t.Errorf("there are %d messages, want 3", got)
	}
}

// A rate of 0 means no limit.
func TestRateZeroMeansNoLimit(t *testing.T) {
	t.Parallel()
	n := start(t, "POST_RATE=0", "POST_BURST=1", "REGISTER_RATE=0", "REGISTER_BURST=1")
	ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
	ann.register()
	bob.register()
	chat := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/messages/"
	for i := range 20 {
		ann.do(http.StatusCreated, "POST", chat, map[string]string{"text": fmt.Sprint(i)})
	}
}

// Where a proxy ends TLS the cookie is sent over TLS only, and pages loaded
// without TLS are refused.
func TestSecureCookies(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		n := start(t, "SECURE_COOKIES="+strconv.FormatBool(secure))
		got := map[string]string{}
		for _, scheme := range []string{"https", "http"} {
			got[scheme] = registerFrom(t, n, scheme, "from-"+scheme)
		}
		want := map[string]string{"https": "201 livechat_session", "http": "201 livechat_session"}
		if secure {
			want = map[string]string{"https": "201 __Host-livechat_session Secure", "http": "403"}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("SECURE_COOKIES=%v: got %v, want %v", secure, got, want)
		}
	}
}

// registerFrom registers as a page of this host does, and returns the status
// and the cookie's attributes.
func registerFrom(t *testing.T, n *Node, scheme, name string) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"name": name, "password": testapi.Password})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+n.Addr()+"/api/v1/accounts/",
		strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", scheme+"://"+n.Addr())
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said := strconv.Itoa(resp.StatusCode)
	for _, c := range resp.Cookies() {
		if said += " " + c.Name; c.Secure {
			said += " Secure"
		}
	}
	return said
}

// TestNamesCannotBeEnumerated: one address cannot find out by many handshakes
// which names belong to accounts.
func TestNamesCannotBeEnumerated(t *testing.T) {
	n := start(t, "NAME_RATE=0.01", "NAME_BURST=5", "TRUSTED_PROXIES=127.0.0.1")
	newAPIUser(t, n, "anna").register()
	come := func(addr, name string) int {
		header := http.Header{}
		if addr != "" {
			header.Set("X-Forwarded-For", addr)
		}
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), address(n, "name="+name), header)
		if err != nil && resp == nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if conn != nil {
			_ = conn.Close()
		}
		if resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s is not told when to come back", name)
		}
		return resp.StatusCode
	}
	in := 0
	for i := range 50 {
		if come("192.0.2.7", fmt.Sprint("name-", i)) == http.StatusSwitchingProtocols {
			in++
		}
	}
	if in != 5 {
		t.Errorf("%d names could be asked about, want 5", in)
	}
	if code := come("192.0.2.7", "anna"); code != http.StatusTooManyRequests {
		t.Errorf("an account's name is told apart: %d", code)
	}
	for addr, name := range map[string]string{"192.0.2.7": "name-0", "192.0.2.8": "name-9", "": "name-9"} {
		if code := come(addr, name); code != http.StatusSwitchingProtocols {
			t.Errorf("%s from %q: %d", name, addr, code)
		}
	}
}

package node

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// register creates an account as a proxy would for a client at another address,
// and returns the status.
func register(t *testing.T, n *Node, name, forwarded string) int {
	t.Helper()
	body := strings.NewReader(fmt.Sprintf(`{"name":%q,"password":"a good long one"}`, name))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+n.Addr()+"/api/v1/accounts/", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", forwarded)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// A server without trusted proxies counts by the address of the connection: a
// client cannot get around a limit by claiming another address.
func TestForwardedForOnlyFromTrustedProxies(t *testing.T) {
	t.Parallel()
	for want, settings := range map[int][]string{
		http.StatusTooManyRequests: nil,
		http.StatusCreated:         {"TRUSTED_PROXIES=127.0.0.1"},
	} {
		n := start(t, append(settings, "REGISTER_RATE=0.0001", "REGISTER_BURST=1")...)
		if status := register(t, n, "ann", "192.0.2.1"); status != http.StatusCreated {
			t.Fatalf("with %q: the first account: %d", settings, status)
		}
		if status := register(t, n, "bob", "192.0.2.2"); status != want {
			t.Errorf("with %q: the second account, with another address: %d, want %d", settings, status, want)
		}
	}
}

package web

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestClientAddr(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for what, tt := range map[string]struct {
		trusted   []netip.Prefix
		remote    string
		forwarded []string
		want      string
	}{
		"direct":                   {proxies, "192.0.2.1:1234", nil, "192.0.2.1"},
		"IPv6":                     {proxies, "[2001:db8::1]:1234", nil, "2001:db8::1"},
		"IPv4 on a socket of both": {proxies, "[::ffff:192.0.2.1]:1234", nil, "192.0.2.1"},
		"link-local":               {proxies, "[fe80::1%eth0]:1234", nil, "fe80::1"},
		"unix socket":              {proxies, "@", []string{"192.0.2.1"}, "@"},
		"nobody is trusted":        {nil, "10.0.0.1:1234", []string{"192.0.2.1"}, "10.0.0.1"},
		"an untrusted peer says": {proxies, "198.51.100.7:1234", []string{"192.0.2.1"},
			"198.51.100.7"},
		"a proxy says": {proxies, "10.0.0.1:1234", []string{"192.0.2.1"}, "192.0.2.1"},
		"a proxy on IPv6 says": {proxies, "[fd00::1]:1234", []string{"2001:db8::1"},
			"2001:db8::1"},
		"with a port": {proxies, "10.0.0.1:1234", []string{"192.0.2.1:99"}, "192.0.2.1"},
		"IPv6 with a port": {proxies, "10.0.0.1:1234", []string{"[2001:db8::1]:99"},
			"2001:db8::1"},
		"IPv6 in brackets": {proxies, "10.0.0.1:1234", []string{"[2001:db8::1]"},
			"2001:db8::1"},
		"proxies in a row": {proxies, "10.0.0.1:1234", []string{"192.0.2.1, 10.0.0.2"},
			"192.0.2.1"},
		"proxies in a list": {proxies, "10.0.0.1:1234", []string{"192.0.2.1", "10.0.0.2"},
			"192.0.2.1"},
		"a client has said it before": {proxies, "10.0.0.1:1234", []string{"203.0.113.9, 192.0.2.1"},
			"192.0.2.1"},
		"the client is among the proxies": {proxies, "10.0.0.1:1234", []string{"10.0.0.9"}, "10.0.0.9"},
		"not an address": {proxies, "10.0.0.1:1234", []string{"192.0.2.1, unknown"},
			"10.0.0.1"},
		"not an address further left": {proxies, "10.0.0.1:1234", []string{"192.0.2.1, unknown, 10.0.0.2"},
			"10.0.0.2"},
		"empty": {proxies, "10.0.0.1:1234", []string{""}, "10.0.0.1"},
	} {
		r := &http.Request{RemoteAddr: tt.remote, Header: http.Header{"X-Forwarded-For": tt.forwarded}}
		if got := ClientAddr(tt.trusted)(r); got != tt.want {
			t.Errorf("%s: %q, want %q", what, got, tt.want)
		}
	}
}

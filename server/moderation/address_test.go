package moderation

import (
	"strings"
	"testing"
)

func TestAddresses(t *testing.T) {
	a := NewAddresses("a secret of some length")
	for _, private := range []string{
		"", "x", "127.0.0.1", "10.1.2.3", "192.168.0.1:80", "172.16.0.1", "169.254.1.1", "::1",
		"fe80::1%eth0", "fd00::1", "0.0.0.0", "::", "ff02::1", "::ffff:10.0.0.1",
	} {
		if s := a.Subject(private); s != "" {
			t.Errorf("%q has the subject %s", private, s)
		}
	}
	first := a.Subject("198.51.100.7")
	if kind, id := first.Split(); kind != "address" || len(id) != 16 ||
		strings.Contains(string(first), "198") {
		t.Errorf("subject %s", first)
	}
	for _, same := range []string{"198.51.100.7:1234", "::ffff:198.51.100.7"} {
		if s := a.Subject(same); s != first {
			t.Errorf("%s: %s, want %s", same, s, first)
		}
	}
	for _, other := range []string{"198.51.100.8", "2001:db8::1"} {
		if s := a.Subject(other); s == first || s == "" {
			t.Errorf("%s: %s", other, s)
		}
	}
	if a.Subject("2001:db8::1") != a.Subject("2001:db8::ffff:1") ||
		a.Subject("2001:db8::1") == a.Subject("2001:db8:0:1::1") {
		t.Error("of IPv6 it is not that of the /64")
	}
	if NewAddresses("another secret").Subject("198.51.100.7") == first {
		t.Error("the secret does not matter")
	}
	if s := NewAddresses("").Subject("198.51.100.7"); s != "" {
		t.Errorf("without a secret: %s", s)
	}
}

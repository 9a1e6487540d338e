package account

import (
	"fmt"
	"testing"
	"time"

	"livechat/server/limit"
)

func TestNameProbesPerAddressAreLimited(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	a := NewNameProbes(limit.Rate{Burst: 3, Every: time.Second})
	const home, other = "192.0.2.7", "[2001:db8::1]:443"
	for range 3 { // a repeated name reveals nothing new
		for _, name := range []string{"ann", "bob", "B0B", "eve", "guest-1a2b", "admin", "✨"} {
			if wait := a.Take(now, home, name); wait != 0 {
				t.Fatalf("%s waits %v", name, wait)
			}
		}
	}
	for range 3 { // a refused name is not remembered
		if wait := a.Take(now, home, "tom"); wait != time.Second {
			t.Errorf("a fourth name waits %v", wait)
		}
	}
	if a.Take(now, other, "tom") != 0 || a.Take(now, home, "ann") != 0 ||
		a.Take(now, home, "guest-ffff") != 0 {
		t.Error("another address, or a name that was asked about, waits")
	}
	if wait := a.Take(now.Add(time.Second), home, "tom"); wait != 0 {
		t.Errorf("later a fourth name waits %v", wait)
	}
	for _, private := range []string{"127.0.0.1:5", "::1", "10.1.2.3", "172.18.0.1", "192.168.0.2:80",
		"fd00::7", "fe80::1%eth0", "::ffff:10.0.0.1"} {
		for i := range 100 {
			if wait := a.Take(now, private, fmt.Sprint("name", i)); wait != 0 {
				t.Fatalf("%s waits %v", private, wait)
			}
		}
	}
	none := NewNameProbes(limit.NewRate(0, 1))
	for i := range 100 {
		if none.Take(now, home, fmt.Sprint("name", i)) != 0 {
			t.Fatal("waits without a limit")
		}
	}
}

package bus

import "testing"

// wantNames asks for names and wants all to be known, or not.
func wantNames(t testing.TB, b *Bus, whole bool, names ...string) Names {
	t.Helper()
	got, err := b.HasNames(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Whole != whole {
		t.Errorf("all names are known: %v, want %v", got.Whole, whole)
	}
	return got
}

func sayNames(t testing.TB, b *Bus, names ...string) {
	t.Helper()
	before, err := b.HasNames(t.Context())
	if err == nil {
		err = b.AddNames(t.Context(), names...)
	}
	if err == nil {
		err = b.NamesWhole(t.Context(), before, int64(len(names)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestNamesAreKnownOrNot: whatever Redis loses, it does not pass for a Redis that knows all names.
func TestNamesAreKnownOrNot(t *testing.T) {
	r := realRedis(t)
	b := open(t, r.url, Options{})
	wantNames(t, b, false)
	sayNames(t, b, "ann", "bob")
	if got := wantNames(t, b, true, "ann", "eve", "bob"); !got.Has[0] || got.Has[1] || !got.Has[2] || got.Count != 2 {
		t.Errorf("names: %+v", got)
	}
	for what, lose := range map[string]func(){
		"FLUSHALL":         func() { r.raw.FlushAll(t.Context()) },
		"the set is lost":  func() { r.raw.Del(t.Context(), "livechat:names") },
		"a name is lost":   func() { r.raw.SRem(t.Context(), "livechat:names", "bob") },
		"a restart":        func() { r.stop(t); r.start(t) },
		"the mark is lost": func() { r.raw.Del(t.Context(), "{livechat:names}:whole") },
	} {
		lose()
		t.Log(what)
		wantNames(t, b, false)
		sayNames(t, b, "ann", "bob")
		wantNames(t, b, true)
	}
	// Redis restarts, or is flushed, while somebody says all names.
	before := wantNames(t, b, true)
	r.stop(t)
	r.start(t)
	if err := b.NamesWhole(t.Context(), before, 2); err != nil {
		t.Fatal(err)
	}
	wantNames(t, b, false)
	before = wantNames(t, b, false)
	r.raw.FlushAll(t.Context())
	if err := b.NamesWhole(t.Context(), before, 2); err != nil {
		t.Fatal(err)
	}
	wantNames(t, b, false)
}

package auth

import "testing"

// wantNames looks up names and fails unless they are all known, or not.
func wantNames(t testing.TB, b *Client, whole bool, names ...string) Names {
	t.Helper()
	got, err := b.HasNames(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	if got.Whole != whole {
		t.Errorf("whole = %v, want %v", got.Whole, whole)
	}
	return got
}

func sayNames(t testing.TB, b *Client, names ...string) {
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

// TestLostNamesAreNoticed: whatever Redis loses, it does not pass for one that
// knows all names.
func TestLostNamesAreNoticed(t *testing.T) {
	r := realRedis(t)
	b := open(t, r.url)
	wantNames(t, b, false)
	sayNames(t, b, "ann", "bob")
	if got := wantNames(t, b, true, "ann", "eve", "bob"); !got.Has[0] || got.Has[1] || !got.Has[2] ||
		got.Count != 2 {
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
	// Redis restarts, or is flushed, while the names are being announced.
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

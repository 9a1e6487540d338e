package config

import (
	"testing"
)

func TestRenamedSettingEndsTheStart(t *testing.T) {
	_, err := Load(map[string]string{"FEED_TIMEOUT": "5s"})
	if want := "FEED_TIMEOUT was renamed: set SUBSCRIPTION_TIMEOUT=5s instead"; err == nil ||
		err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	// A compose file that passes it on writes an empty value.
	if _, err := Load(map[string]string{"FEED_TIMEOUT": ""}); err != nil {
		t.Errorf("an empty value is refused: %v", err)
	}
}

func TestRenamedTable(t *testing.T) {
	known := map[string]bool{}
	for _, param := range fieldParams(t) {
		known[param.Key] = true
	}
	for old, name := range renamed {
		if known[old] {
			t.Errorf("%s is a setting again, so it must not be refused", old)
		}
		if !known[name] {
			t.Errorf("%s was renamed to %s, which is not a setting", old, name)
		}
	}
}

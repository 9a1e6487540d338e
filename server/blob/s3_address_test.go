package blob

import (
	"slices"
	"strings"
	"testing"
)

func TestAddressesOfBuckets(t *testing.T) {
	for address, want := range map[string]string{
		"":                              "file: or s3:",
		"livechat-files":                "file: or s3:",
		"https://secret@host/x":         "file: or s3:",
		"s3:":                           "s3://BUCKET",
		"s3://":                         "s3://BUCKET",
		"s3://files/photos":             "prefix=PATH",
		"s3://Files":                    "no valid name",
		"s3://id:secret@files":          "FILES_S3_KEY",
		"s3://files?secret=x":           "unknown part",
		"s3://files?endpoint=host:9000": "https://HOST",
		"s3://files?endpoint=https://id:secret@host": "https://HOST",
		"s3://files?endpoint=https://host/path":      "https://HOST",
		"s3://files?prefix=../other":                 "prefix",
		"s3://files\x00secret":                       "cannot be read",
	} {
		s, err := Open(t.Context(), address, testKeys)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "id:secret") ||
			strings.Contains(err.Error(), "secret@") {
			t.Errorf("%q: %v, want %q", address, err, want)
		}
	}
	_, err := Open(t.Context(), "s3://files", Keys{})
	if err == nil || !strings.Contains(err.Error(), "FILES_S3_SECRET") {
		t.Errorf("without keys: %v", err)
	}
	for address, want := range map[string]string{
		"s3://files": "https://s3.amazonaws.com",
		"s3://files?endpoint=http://127.0.0.1:7070&prefix=/a/b/":            "http://127.0.0.1:7070",
		"s3://files?endpoint=https://s3.example.com/&region=auto&prefix=ab": "https://s3.example.com",
	} {
		s := open(t, address, testKeys).(*bucket)
		if got := s.core.EndpointURL().String(); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
		if s.prefix != "" && (s.prefix[0] == '/' || !strings.HasSuffix(s.prefix, "/")) {
			t.Errorf("%s: prefix %s", address, s.prefix)
		}
	}
}

// Two stores in one bucket see nothing of each other.
func TestPrefixes(t *testing.T) {
	fake := startFake(t)
	a, b := open(t, fake.address("a"), testKeys), open(t, fake.address("ab"), testKeys)
	put(t, a, "x/1", []byte("a"))
	put(t, b, "x/1", []byte("b"))
	put(t, b, "x/2", []byte("b"))
	if got := keys(t, a, ""); !slices.Equal(got, []string{"x/1"}) || string(get(t, a, "x/1")) != "a" {
		t.Errorf("there are %q", got)
	}
}

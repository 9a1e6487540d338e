package chat

import (
	"strings"
	"testing"
)

func TestPageSize(t *testing.T) {
	for limit, want := range map[int]int{0: DefaultPage, 1: 1, MaxPage: MaxPage} {
		if got, err := PageSize(limit); err != nil || got != want {
			t.Errorf("PageSize(%d) = %d, %v", limit, got, err)
		}
	}
	for _, limit := range []int{-1, MaxPage + 1} {
		if got, err := PageSize(limit); err == nil || AsError(err).Code != CodeBadRequest {
			t.Errorf("PageSize(%d) = %d, %v", limit, got, err)
		}
	}
}

func TestParseUUID(t *testing.T) {
	for _, s := range []string{ExampleUUID, strings.ToUpper(ExampleUUID)} {
		if id, ok := ParseUUID(s); !ok || id != ExampleUUID {
			t.Errorf("ParseUUID(%q) = %q, %t", s, id, ok)
		}
	}
	for _, s := range []string{
		"", "1", "urn:uuid:" + ExampleUUID, "{" + ExampleUUID + "}",
		strings.ReplaceAll(ExampleUUID, "-", ""), ExampleUUID + " ", ExampleUUID[:35] + "g",
	} {
		if id, ok := ParseUUID(s); ok {
			t.Errorf("ParseUUID(%q) = %q", s, id)
		}
	}
}

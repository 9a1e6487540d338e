package wire

import (
	"net/http"
	"strings"
)

// HasToken reports whether a header that is a comma-separated list, such as
// Connection or Upgrade, names the token. Case does not matter, and the header
// may be repeated (RFC 9110 section 5.3).
func HasToken(h http.Header, name, token string) bool {
	for _, list := range h.Values(name) {
		for one := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(one), token) {
				return true
			}
		}
	}
	return false
}

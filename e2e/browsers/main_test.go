// Package browsers tests the page in browsers other than Chromium: Firefox and
// WebKit, the engine of Safari. They have to be installed first: make browsers.
package browsers

import (
	"testing"

	"livechat/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

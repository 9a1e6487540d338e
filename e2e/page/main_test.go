package page

import (
	"testing"

	"livechat/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(tests{m}) }

// tests are those of this package, and the browsers that they pass on.
type tests struct{ *testing.M }

// Run implements goleak.TestingM.
func (t tests) Run() int {
	defer stopBrowsers()
	return t.M.Run()
}

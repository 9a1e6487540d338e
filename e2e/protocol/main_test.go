package protocol

import (
	"testing"

	"livechat/e2e/harness"
)

func TestMain(m *testing.M) { harness.Main(m) }

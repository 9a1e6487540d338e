package page

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testapi"
)

// operator runs commands on the database of a server that runs meanwhile.
type operator struct {
	t        *testing.T
	binary   string
	database string
	server   *localcluster.Part
}

// startOperated starts a server with a database that commands reach.
func startOperated(t *testing.T) *operator {
	t.Helper()
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	o := &operator{t: t, binary: binary, database: "sqlite:" + filepath.Join(t.TempDir(), "livechat.db")}
	o.server = harness.StartAloneWith(t, map[string]string{"DATABASE_URL": o.database, "REGISTER_RATE": "0"})
	return o
}

func (o *operator) url(path string) string { return "http://" + o.server.Addr + path }

// admin runs a command of the operator.
func (o *operator) admin(words ...string) error {
	c := exec.CommandContext(o.t.Context(), o.binary, append([]string{"admin"}, words...)...)
	c.Env = append(os.Environ(), "DATABASE_URL="+o.database)
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("admin %q: %w: %s", words, err, out)
	}
	return nil
}

func (o *operator) must(words ...string) {
	o.t.Helper()
	if err := o.admin(words...); err != nil {
		o.t.Fatal(err)
	}
}

// register creates accounts without a browser.
func (o *operator) register(names ...string) {
	o.t.Helper()
	for _, name := range names {
		p := testapi.New(o.t, func() string { return o.url("") })
		status, answer, err := p.Do(o.t.Context(), "POST", "/accounts/",
			map[string]string{"name": name, "password": testapi.Password})
		if err != nil || status != 201 {
			o.t.Fatalf("register %s: %d %v, %v", name, status, answer, err)
		}
	}
}

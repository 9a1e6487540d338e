package testredis

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// MasterName is the Sentinels' name for their master.
const MasterName = "mymaster"

// Sentinels are a master with a replica, watched by three Sentinels. A master
// that is silent for a second counts as dead.
type Sentinels struct {
	Master, Replica *Process
	Sentinels       []*Process
	t               testing.TB
}

// NewSentinels starts them and returns when the Sentinels know each other and
// the replica.
func NewSentinels(t testing.TB) *Sentinels {
	t.Helper()
	s := &Sentinels{t: t, Master: newProcess(t, "--repl-diskless-sync-delay", "0")}
	s.Master.Start()
	s.Replica = newProcess(t, "--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1 "+s.Master.Port)
	s.Replica.Start()
	waitFor(t, "the replica has caught up", func() bool {
		return strings.Contains(s.Replica.CLI("info", "replication"), "master_link_status:up")
	})
	for range 3 {
		config := filepath.Join(t.TempDir(), "sentinel.conf")
		text := fmt.Sprintf(
			"sentinel monitor %s 127.0.0.1 %s 2\nsentinel down-after-milliseconds %[1]s 1000\n"+
				"sentinel failover-timeout %[1]s 5000\n",
			MasterName,
			s.Master.Port,
		)
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		p := newProcess(t)
		p.args = []string{
			config,
			"--sentinel",
			"--port",
			p.Port,
			"--bind",
			"127.0.0.1",
			"--logfile",
			config + ".log",
		}
		p.Start()
		s.Sentinels = append(s.Sentinels, p)
	}
	for _, p := range s.Sentinels {
		waitFor(t, "the Sentinels know each other", func() bool {
			master := p.CLI("sentinel", "master", MasterName)
			return strings.Contains(master, "num-other-sentinels\n2\n") &&
				strings.Contains(master, "num-slaves\n1\n")
		})
	}
	return s
}

// URL returns a REDIS_URL with all Sentinels.
func (s *Sentinels) URL() string {
	var hosts []string
	for _, p := range s.Sentinels {
		hosts = append(hosts, "127.0.0.1:"+p.Port)
	}
	return "redis://" + strings.Join(hosts, ",") + "?master_name=" + MasterName
}

// Promoted returns when the Sentinels report the replica as the master.
func (s *Sentinels) Promoted(replica *Process) {
	s.t.Helper()
	waitFor(s.t, "the replica is promoted", func() bool {
		return strings.HasPrefix(replica.try("role"), "master") &&
			strings.Contains(s.Sentinels[0].try("sentinel", "get-master-addr-by-name", MasterName),
				replica.Port)
	})
}

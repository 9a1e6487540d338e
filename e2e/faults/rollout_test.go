package faults

import (
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// A rolling update of a Deployment by the numbers of the manifests, without
// Kubernetes: this test does what its controllers do. Clients move when they are
// asked to, no connection breaks, none is refused, and nothing is lost.
func TestRollingUpdateByTheManifests(t *testing.T) {
	t.Parallel()
	d := readDeployment(t, "ws.yaml")
	env := maps.Clone(d.environment())
	for _, name := range []string{ // those of the local cluster
		"ROLE", "METRICS_ADDR", "REDIS_URL_FILE", "DATABASE_URL_FILE", "ADDRESS_SECRET_FILE",
	} {
		delete(env, name)
	}
	n := d.Spec.Replicas
	c := harness.Start(t, localcluster.Options{Servers: n, Elastic: n, Env: env})
	r := &rollout{deployment: d, service: newService(t)}
	for i := range n {
		r.old = append(r.old, &pod{part: c.Servers[i], ready: time.Now()})
		r.next = append(r.next, &pod{part: c.Elastic[i]})
	}
	r.publish(time.Now().Add(-endpointLag))

	members := harness.JoinAll(t, 40, func(int) client.Options {
		return client.Options{URL: "ws://" + r.service.addr() + "/ws", History: new(0)}
	})
	var sent harness.Acked
	stop := harness.Talk(t, harness.Pick(members, 2), &sent)
	began := time.Now()
	harness.Eventually(t, 4*time.Minute, "the update is done", func() error { return r.step(t) })
	took := time.Since(began)
	stop()

	names := map[string]bool{}
	for _, p := range r.next {
		names[p.part.Name] = true
	}
	moves := 0
	for i, m := range members {
		welcomed, lost := m.Connections()
		if lost != 0 {
			t.Errorf("member %d lost %d connections", i, lost)
		}
		if !names[m.App()] {
			t.Errorf("member %d is on %s, which has ended", i, m.App())
		}
		moves += welcomed - 1
	}
	if refused := r.service.refused.Load(); refused != 0 {
		t.Errorf("%d new connections went to a server that had ended", refused)
	}
	// A client that was asked to move and is cut before it has does so at once, and
	// counts nothing as lost.
	if r.killed != 0 {
		t.Errorf("%d servers had not ended after %s", r.killed, d.grace())
	}
	harness.CheckHistory(t, members, &sent, 0)
	t.Logf("%d servers in %s: %d clients moved %d times, %d messages", n, took.Round(time.Second), len(members),
		moves, len(sent.Sorted()))
}

// endpointLag is how long it takes here until every node knows of a pod that has
// become ready, or is to stop. DRAIN_DELAY has to be longer.
const endpointLag = 2 * time.Second

// pod is a server as Kubernetes sees it.
type pod struct {
	part    *localcluster.Part
	started bool
	ready   time.Time // since when; zero: it is not
	killAt  time.Time // zero: it is not to stop
	ended   bool
}

// rollout does what the Deployment and the endpoint controller do.
type rollout struct {
	deployment deployment
	service    *service
	old, next  []*pod
	killed     int
	known      []change // endpoints that are on their way to the nodes
}

// change is a list of endpoints, and since when it holds.
type change struct {
	at    time.Time
	addrs []string
}

// step looks at all pods and does what is due. It returns an error until the
// update is done.
func (r *rollout) step(t *testing.T) error {
	spec, now := r.deployment.Spec, time.Now()
	live, available := 0, 0
	for _, p := range slices.Concat(r.old, r.next) {
		r.look(t, p, now)
		if (p.started || !p.ready.IsZero()) && p.killAt.IsZero() {
			live++
			if !p.ready.IsZero() && now.Sub(p.ready) >= time.Duration(spec.MinReadySeconds)*time.Second {
				available++
			}
		}
	}
	for _, p := range r.next {
		if !p.started && live < spec.Replicas+spec.Strategy.RollingUpdate.MaxSurge {
			if err := p.part.Launch(t.Context()); err != nil {
				t.Fatal(err)
			}
			p.started = true
			live++
		}
	}
	left := 0
	for _, p := range r.old {
		if p.killAt.IsZero() && available > spec.Replicas-spec.Strategy.RollingUpdate.MaxUnavailable {
			if err := p.part.Terminate(); err != nil {
				t.Fatal(err)
			}
			p.killAt = now.Add(r.deployment.grace())
			available--
		}
		if !p.ended {
			left++
		}
	}
	r.publish(now)
	return harness.ErrIf(left > 0 || available < spec.Replicas)
}

// look finds out whether a pod is ready, and kills it at the end of its grace
// period.
func (r *rollout) look(t *testing.T, p *pod, now time.Time) {
	if p.started && p.ready.IsZero() {
		status, _, err := localcluster.Get(t.Context(), "http://"+p.part.Addr+r.deployment.probe())
		if err == nil && status == http.StatusOK {
			p.ready = now
		}
	}
	if p.killAt.IsZero() || p.ended {
		return
	}
	select {
	case <-p.part.Ended():
		p.ended = true
	default:
		if now.After(p.killAt) {
			r.killed++
			p.ended = true
			if err := p.part.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// publish gives the nodes the endpoints of a while ago.
func (r *rollout) publish(now time.Time) {
	var addrs []string
	for _, p := range slices.Concat(r.old, r.next) {
		if !p.ready.IsZero() && p.killAt.IsZero() {
			addrs = append(addrs, p.part.Addr)
		}
	}
	r.known = append(r.known, change{now, addrs})
	for len(r.known) > 0 && time.Since(r.known[0].at) >= endpointLag {
		r.service.set(r.known[0].addrs)
		r.known = r.known[1:]
	}
}

// service passes each connection on to an endpoint chosen at random, and keeps
// it there, as kube-proxy does.
type service struct {
	listener net.Listener
	running  sync.WaitGroup
	refused  atomic.Int64

	mu        sync.Mutex
	endpoints []string
}

func newService(t *testing.T) *service {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &service{listener: listener}
	s.running.Go(s.accept)
	t.Cleanup(func() { listener.Close(); s.running.Wait() })
	return s
}

func (s *service) addr() string { return s.listener.Addr().String() }

func (s *service) set(endpoints []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endpoints = endpoints
}

func (s *service) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // closed
		}
		s.running.Go(func() { s.pass(conn) })
	}
}

// pass copies both ways until one side has ended, and then the other.
func (s *service) pass(conn net.Conn) {
	defer conn.Close()
	s.mu.Lock()
	endpoint := s.endpoints[rand.IntN(len(s.endpoints))]
	s.mu.Unlock()
	target, err := net.Dial("tcp", endpoint)
	if err != nil {
		s.refused.Add(1)
		return
	}
	defer target.Close()
	var back sync.WaitGroup
	back.Go(func() { s.copy(conn, target) })
	s.copy(target, conn)
	back.Wait()
}

func (s *service) copy(to, from net.Conn) {
	_, err := io.Copy(to, from)
	end := to.(*net.TCPConn).CloseWrite()
	if errors.Join(err, end) != nil { // reset: nothing more will come of either
		to.Close()
		from.Close()
	}
}

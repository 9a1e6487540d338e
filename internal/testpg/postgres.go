package testpg

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Postgres is a PostgreSQL cluster on a unix socket in its own directory, for
// programs that are not tests; tests use Server. Only Database may be called
// concurrently.
type Postgres struct {
	bin      string // folder of its programs
	dir      string // data and socket
	user     *syscall.Credential
	settings []string  // of the server, as name=value
	cmd      *exec.Cmd // nil while it is down
	making   sync.Mutex
	made     int // number of databases; guarded by making
}

// superuser is our role in PostgreSQL.
const superuser = "postgres"

// patience is how long PostgreSQL may take to start.
const patience = 30 * time.Second

// Run creates a cluster with these settings (name=value, overriding
// PostgreSQL's) and starts it. The caller closes it. PostgreSQL refuses to run
// as root; for root it runs as the user `postgres` or `nobody`.
func Run(settings ...string) (*Postgres, error) {
	p := &Postgres{settings: settings}
	err := p.make()
	if err == nil {
		err = p.Start()
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Postgres) make() (err error) {
	if p.bin, err = programs(); err != nil {
		return err
	}
	if p.user, err = credential(); err != nil {
		return err
	}
	// a test's directory is too long for the path of a socket
	if p.dir, err = os.MkdirTemp("", "pg"); err != nil {
		return fmt.Errorf("make a directory for PostgreSQL: %w", err)
	}
	if p.user != nil {
		if err := os.Chown(p.dir, int(p.user.Uid), int(p.user.Gid)); err != nil {
			return fmt.Errorf("hand PostgreSQL its directory: %w", err)
		}
	}
	return p.run("initdb", "--pgdata", p.data(), "--username", superuser, "--auth", "trust", "--encoding",
		"UTF8", "--locale", "C.UTF-8", "--no-sync")
}

// errMissing means that PostgreSQL is not installed.
var errMissing = errors.New("initdb is not installed (Debian and Ubuntu: apt-get install postgresql)")

// programs returns the folder of PostgreSQL's programs: on Debian that of the
// newest version, which is not on the PATH.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return "", errMissing
		}
		return filepath.Dir(path), nil
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// Start starts it again after Kill and returns when it accepts connections.
func (p *Postgres) Start() error {
	log, err := os.Create(filepath.Join(p.dir, "log"))
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	defer log.Close()
	args := []string{"-D", p.data(), "-c", "listen_addresses=", "-c", "unix_socket_directories=" + p.dir}
	for _, s := range p.settings {
		args = append(args, "-c", s)
	}
	p.cmd = p.command("postgres", args...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr.Pdeathsig = syscall.SIGQUIT // it dies if we are killed
	if err := p.cmd.Start(); err != nil {
		p.cmd = nil
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for p.command("pg_isready", "--quiet", "--host", p.dir, "--username", superuser).Run() != nil {
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("PostgreSQL does not respond:\n%s", text)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return nil
}

// Kill ends it at once without cleaning up, as a crash would. The processes of
// its connections end, too.
func (p *Postgres) Kill() {
	if p.cmd != nil {
		// after SIGKILL those processes would live on for a while, and Start
		// would fail
		_ = p.cmd.Process.Signal(syscall.SIGQUIT)
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// Pause freezes it and the processes of its connections (SIGSTOP): sockets stay
// open, and nothing answers. Resume continues them.
func (p *Postgres) Pause() error { return p.signal(syscall.SIGSTOP) }

// Resume continues it after Pause.
func (p *Postgres) Resume() error { return p.signal(syscall.SIGCONT) }

// signal sends a signal to all of its processes. Each connection's process is a
// session leader, so there is no group to signal.
func (p *Postgres) signal(s syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	pid := p.cmd.Process.Pid
	// The main process starts the others. So it is frozen before they are
	// listed and continued after them.
	if s == syscall.SIGSTOP {
		if err := p.cmd.Process.Signal(s); err != nil {
			return fmt.Errorf("send %v to PostgreSQL: %w", s, err)
		}
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return fmt.Errorf("find PostgreSQL's processes: %w", err)
	}
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			_ = syscall.Kill(n, s) // it just ended
		}
	}
	if s != syscall.SIGSTOP {
		if err := p.cmd.Process.Signal(s); err != nil {
			return fmt.Errorf("send %v to PostgreSQL: %w", s, err)
		}
	}
	return nil
}

// Close kills it and removes its files.
func (p *Postgres) Close() {
	p.Kill()
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}

// PID returns the main process, whose children serve the connections; 0 while
// it is down.
func (p *Postgres) PID() int {
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Database creates an empty database and returns its DATABASE_URL. It may be
// called from any goroutine.
func (p *Postgres) Database() (string, error) { return p.copyOf("template1") }

// copyOf creates a database that is a copy of another one, which nobody is
// connected to.
func (p *Postgres) copyOf(template string) (string, error) {
	p.making.Lock() // the template must not be in use meanwhile
	defer p.making.Unlock()
	p.made++
	name := fmt.Sprintf("test%d", p.made)
	if err := p.run("createdb", "--host", p.dir, "--username", superuser, "--template", template,
		name); err != nil {
		return "", err
	}
	return p.urlOf(name), nil
}

// urlOf returns the DATABASE_URL of a database.
func (p *Postgres) urlOf(name string) string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User(superuser),
		Path:     "/" + name,
		RawQuery: url.Values{"host": {p.dir}, "sslmode": {"disable"}}.Encode(),
	}
	return u.String()
}

// Exec runs a statement as the superuser on the database of a DATABASE_URL.
func (p *Postgres) Exec(url, statement string) error {
	return p.run("psql", "--no-psqlrc", "--quiet", "--command", statement, url)
}

// run runs one of PostgreSQL's programs and waits for it.
func (p *Postgres) run(program string, args ...string) error {
	if out, err := p.command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", program, args, err, out)
	}
	return nil
}

// command prepares one of PostgreSQL's programs, as a user other than root and
// without PG… variables.
func (p *Postgres) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.Dir = p.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.user}
	return cmd
}

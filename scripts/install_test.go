// Package scripts_test runs the shell scripts of this folder on a machine made
// of stubs, and holds rules that concern the whole tree.
package scripts_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"livechat/internal/need"
)

// machine is a PATH with only the programs that every system has, and the stubs
// of one test.
type machine struct {
	bin, home, policy, osRelease, log string
}

// newMachine returns a Debian run by root. Its apt-get installs a package as a
// program of that name.
func newMachine(t *testing.T) machine {
	t.Helper()
	dir := t.TempDir()
	m := machine{
		bin: filepath.Join(dir, "bin"), home: filepath.Join(dir, "home"), policy: filepath.Join(dir, "policy-rc.d"),
		osRelease: filepath.Join(dir, "os-release"), log: filepath.Join(dir, "log"),
	}
	if err := os.Mkdir(m.bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bash", "awk", "grep", "rm", "chmod", "cat", "env"} {
		if err := os.Symlink(need.Program(t, name), filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.write(t, m.osRelease, "ID=debian\n")
	m.stub(t, "id", "echo 0")
	m.stub(t, "apt-get", `echo "apt-get $*" >>"$LOG"
"$POLICY_RC_D" || echo "a daemon would be told $?" >>"$LOG"
[ "$1" = install ] || exit 0
for name in "$@"; do case $name in
  install|-*) ;;
  *) printf '#!/bin/sh\n' >"$BIN/$name"; chmod 755 "$BIN/$name" ;;
esac; done`)
	return m
}

func (m machine) write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// stub puts a program on the machine.
func (m machine) stub(t *testing.T, name, body string) {
	t.Helper()
	m.write(t, filepath.Join(m.bin, name), "#!"+filepath.Join(m.bin, "bash")+"\n"+body+"\n")
}

// install runs install.sh. It returns the output and the lines that the stubs
// logged.
func (m machine) install(t *testing.T, args ...string) (output string, log string, err error) {
	t.Helper()
	command := exec.Command(filepath.Join(m.bin, "bash"), append([]string{"install.sh"}, args...)...)
	command.Env = []string{
		"PATH=" + m.bin,
		"BIN=" + m.bin,
		"HOME=" + m.home,
		"LOG=" + m.log,
		"POLICY_RC_D=" + m.policy,
		"OS_RELEASE=" + m.osRelease,
	}
	text, err := command.CombinedOutput()
	logged, readErr := os.ReadFile(m.log)
	if readErr != nil && !os.IsNotExist(readErr) {
		t.Fatal(readErr)
	}
	return string(text), string(logged), err
}

func TestInstallNothing(t *testing.T) {
	m := newMachine(t)
	m.stub(t, "redis-server", "")
	m.stub(t, "tsc", "")
	output, log, err := m.install(t, "redis-server", "tsc")
	if err != nil || output != "" || log != "" {
		t.Errorf("all is there, but: %v, %q, %q", err, output, log)
	}
}

func TestInstallOnlyWhatIsMissing(t *testing.T) {
	m := newMachine(t)
	m.stub(t, "tsc", "")
	output, log, err := m.install(t, "redis-server", "tsc")
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	want := "apt-get update -qq\na daemon would be told 101\n" +
		"apt-get install -qq -y --no-install-recommends redis-server\na daemon would be told 101\n"
	if log != want {
		t.Errorf("got\n%swant\n%s", log, want)
	}
	if _, err := os.Stat(m.policy); !os.IsNotExist(err) {
		t.Errorf("the file that keeps daemons from starting was left: %v", err)
	}
}

func TestInstallKeepsAPolicy(t *testing.T) {
	m := newMachine(t)
	m.write(t, m.policy, "#!/bin/sh\nexit 7\n")
	if output, log, err := m.install(t, "redis-server"); err != nil ||
		!strings.Contains(log, "would be told 7") {
		t.Errorf("%v: %s %s", err, output, log)
	}
	if text, err := os.ReadFile(m.policy); err != nil || !strings.Contains(string(text), "exit 7") {
		t.Errorf("the machine's own policy is %q, %v", text, err)
	}
}

func TestInstallRemovesThePolicyAfterAFailure(t *testing.T) {
	m := newMachine(t)
	m.stub(t, "apt-get", "exit 100")
	if output, _, err := m.install(t, "redis-server"); err == nil {
		t.Errorf("apt-get failed and that is fine: %s", output)
	}
	if _, err := os.Stat(m.policy); !os.IsNotExist(err) {
		t.Errorf("the file that keeps daemons from starting was left: %v", err)
	}
}

func TestInstallAsUser(t *testing.T) {
	m := newMachine(t)
	m.stub(t, "id", "echo 1000")
	output, _, err := m.install(t, "redis-server")
	if err == nil ||
		!strings.Contains(output, "neither root nor sudo: please install redis-server by hand") {
		t.Errorf("without sudo: %v, %s", err, output)
	}
	m.stub(t, "sudo", `echo "sudo" >>"$LOG"; exec "$@"`)
	if output, log, err := m.install(t, "redis-server"); err != nil ||
		!strings.HasPrefix(log, "sudo\napt-get update") {
		t.Errorf("with sudo: %v, %s, %s", err, output, log)
	}
}

// A wscat that does not run is not there; one that another node than Debian's
// runs, with Debian's modules, is.
func TestInstallTriesWscat(t *testing.T) {
	m := newMachine(t)
	m.stub(t, "wscat", `[ "$NODE_PATH" = /usr/share/nodejs ] && [ "$*" = --version ]`)
	if output, log, err := m.install(t, "wscat"); err != nil || output != "" || log != "" {
		t.Errorf("it runs, but: %v, %q, %q", err, output, log)
	}
	m.stub(t, "wscat", "exit 1")
	if output, log, err := m.install(t, "wscat"); err == nil || !strings.Contains(log, "node-ws") ||
		!strings.Contains(output, "wscat is still missing") {
		t.Errorf("it does not run, but: %v, %q, %q", err, output, log)
	}
}

func TestInstallSaysWhatItCannotDo(t *testing.T) {
	m := newMachine(t)
	m.stub(t, "apt-get", "") // claims to have done it
	if output, _, err := m.install(t, "wscat"); err == nil ||
		!strings.Contains(output, "wscat is still missing after apt-get install of node-ws") {
		t.Errorf("%v: %s", err, output)
	}
	if output, _, err := m.install(t, "emacs"); err == nil ||
		!strings.Contains(
			output,
			"unknown program 'emacs'; this script knows: redis-server redis-cli haproxy",
		) {
		t.Errorf("%v: %s", err, output)
	}
	if err := os.Remove(filepath.Join(m.bin, "apt-get")); err != nil {
		t.Fatal(err)
	}
	if output, _, err := m.install(t, "wscat", "tsc"); err == nil ||
		!strings.Contains(output, "by hand (Debian's packages: node-ws node-typescript)") {
		t.Errorf("%v: %s", err, output)
	}
}

// A program that is built from source goes into the user's cache, and is built
// again only for another version.
func TestInstallBuilds(t *testing.T) {
	m := newMachine(t)
	for _, name := range []string{"mkdir", "mktemp", "mv", "rmdir"} {
		if err := os.Symlink(need.Program(t, name), filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	cache := filepath.Join(m.home, ".cache", "livechat", "bin")
	m.stub(t, "go", `echo "go $*" >>"$LOG"
case $1 in
  version) cat "$3" ;;
  install) echo "	mod	github.com/versity/versitygw	${3#*@}	h1:x" >"$GOBIN/versitygw" ;;
esac`)
	output, log, err := m.install(t, "versitygw")
	if err != nil || !strings.Contains(output, "building versitygw v") ||
		!strings.Contains(log, "go install -ldflags=-s -w github.com/versity/versitygw/cmd/versitygw@v") {
		t.Fatalf("%v: %q, %q", err, output, log)
	}
	if output, _, err := m.install(t, "versitygw"); err != nil || output != "" {
		t.Errorf("it is there, but: %v, %q", err, output)
	}
	m.write(t, filepath.Join(cache, "versitygw"), "\tmod\tgithub.com/versity/versitygw\tv0.1.0\th1:x\n")
	if output, _, err := m.install(t, "versitygw"); err != nil || !strings.Contains(output, "building") {
		t.Errorf("an old version is there: %v, %q", err, output)
	}
	m.stub(t, "go", "exit 1")
	if output, _, err := m.install(t, "versitygw"); err == nil ||
		!strings.Contains(output, "versitygw could not be built") {
		t.Errorf("go fails: %v, %q", err, output)
	}
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 1 {
		t.Errorf("the cache has %v, %v", entries, err)
	}
	if err := os.Remove(filepath.Join(m.bin, "go")); err != nil {
		t.Fatal(err)
	}
	if output, _, err := m.install(t, "versitygw"); err == nil || !strings.Contains(output, "needs go") {
		t.Errorf("without go: %v, %q", err, output)
	}
}

func TestInstallOnUbuntu(t *testing.T) {
	m := newMachine(t)
	m.write(t, m.osRelease, "NAME=Ubuntu\nID=ubuntu\n")
	if output, _, err := m.install(t, "chromium", "redis-server"); err == nil ||
		!strings.Contains(output, "chromium as a snap only") {
		t.Errorf("%v: %s", err, output)
	}
	m.stub(t, "snap", `echo "snap $*" >>"$LOG"; cat >"$BIN/chromium" </dev/null; chmod 755 "$BIN/chromium"`)
	output, log, err := m.install(t, "chromium-headless-shell", "chromium", "redis-server")
	if err != nil || !strings.HasPrefix(log, "snap install chromium\napt-get") ||
		!strings.Contains(log, "recommends redis-server\n") {
		t.Errorf("%v: %s, %s", err, output, log)
	}
}

// installable returns the names of a table of install.sh.
func installable(t *testing.T, table string) (names []string) {
	t.Helper()
	script, err := os.ReadFile("install.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "\n"+table+"='\n")
	lines, _, found := strings.Cut(rest, "\n'\n")
	if !found {
		t.Fatalf("install.sh has no table %s", table)
	}
	for line := range strings.Lines(lines) {
		names = append(names, strings.Fields(line)[0])
	}
	return names
}

// asked matches how a test asks for a program.
var asked = regexp.MustCompile(`need\.Program\([\w.]+, "([^"]+)"\)`)

// A test that asks for a program which install.sh does not know would fail on
// every new machine.
func TestInstallKnowsWhatTestsNeed(t *testing.T) {
	known := slices.Concat(installable(t, "everything"), installable(t, "browsers"), installable(t, "built"),
		installable(t, "asked"))
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".go") ||
			name == filepath.Join("..", "scripts", "install_test.go") {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read a source: %w", err)
		}
		for _, match := range asked.FindAllStringSubmatch(string(text), -1) {
			program := match[1]
			if program != "docker" &&
				!slices.Contains(known, program) { // .ci/run looks for an engine itself
				t.Errorf("%s needs %s, which scripts/install.sh does not install", name, program)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

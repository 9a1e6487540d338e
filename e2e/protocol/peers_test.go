package protocol

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
)

// program is another program that talks to the cluster. Its output is read line
// by line.
type program struct {
	t     *testing.T
	name  string
	stdin io.WriteCloser
	lines chan string
}

// run starts a program that runs until the test ends.
func run(t *testing.T, env []string, path string, args ...string) *program {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	in.Close()
	p := &program{t: t, name: args[0], stdin: stdin, lines: make(chan string, 1000)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(p.lines)
		scanner := bufio.NewScanner(out)
		for scanner.Scan() {
			p.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed, so it ends with an error
		<-done
		out.Close()
	})
	return p
}

// until returns the next line that contains part.
func (p *program) until(part string) string {
	p.t.Helper()
	var seen []string
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				p.t.Fatalf("it ended without printing %q, but\n%s", part, strings.Join(seen, "\n"))
			}
			if strings.Contains(line, part) {
				return line
			}
			seen = append(seen, line)
		case <-time.After(20 * time.Second):
			p.t.Fatalf("it has not printed %q, but\n%s", part, strings.Join(seen, "\n"))
		}
	}
}

func (p *program) enter(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, line+"\n"); err != nil {
		p.t.Fatalf("type %q: %v", line, err)
	}
}

func TestWscat(t *testing.T) {
	t.Parallel()
	wscat := need.Program(t, "wscat")
	c := harness.Start(t, localcluster.Options{})
	other := harness.Dial(t, client.Options{URL: c.ServerURL(3), Name: "bob"})
	// Debian's modules, even if the node in PATH is not Debian's.
	p := run(t, []string{"NODE_PATH=/usr/share/nodejs"}, wscat, "-c", c.RoomURL()+"?name=ann")
	if line := p.until(`"welcome"`); !strings.Contains(line, `"name":"ann"`) {
		t.Errorf("welcomed with %s", line)
	}
	p.enter("hello from wscat")
	m := harness.Await[*client.Message](t, other, nil)
	if m.Text != "hello from wscat" || m.Name != "ann" || m.App != "1000" || len(m.ID) != 36 {
		t.Errorf("bob receives %+v", m)
	}
	p.until(`"text":"hello from wscat"`) // and receives its own message
	harness.Say(t, other, "hello back")
	p.until(`"text":"hello back"`)
}

const websocketsClient = `
import asyncio, json, sys, uuid, websockets

async def main():
    async with websockets.connect(sys.argv[1] + "?name=py") as ws:
        welcome = json.loads(await ws.recv())
        assert welcome["type"] == "welcome", welcome
        id = str(uuid.uuid4())
        text = "hello from python \u2713"
        await ws.send(json.dumps({"type": "message", "id": id, "text": text, "extra": [1]}))
        await (await ws.ping())
        got = {}
        while not {"ack", "message"} <= set(got):
            frame = json.loads(await ws.recv())
            if frame.get("id") == id: got[frame["type"]] = frame
        assert got["ack"]["seq"] == got["message"]["seq"] and not got["ack"]["duplicate"], got
        await ws.send(["in ", "three ", "fragments"])
        while frame.get("text") != "in three fragments": frame = json.loads(await ws.recv())
        await ws.send(b"binary")
        try:
            while True: await ws.recv()
        except websockets.ConnectionClosed as e:
            print("closed with", e.rcvd.code)

asyncio.run(main())
`

func TestPythonWebsockets(t *testing.T) {
	t.Parallel()
	python := pythonWithWebsockets(t)
	c := harness.Start(t, localcluster.Options{})
	other := harness.Dial(t, client.Options{URL: c.ServerURL(2), Name: "bob"})
	p := run(t, nil, python, "-c", websocketsClient, c.RoomURL())
	if m := harness.Await[*client.Message](t, other, nil); m.Text != "hello from python ✓" ||
		m.Name != "py" {
		t.Errorf("bob receives %+v", m)
	}
	harness.Await(t, other, func(m *client.Message) bool { return m.Text == "in three fragments" })
	p.until("closed with 1003")
}

// pythonWithWebsockets returns the Python that has the module: Debian's, which
// may not be the first in PATH.
func pythonWithWebsockets(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(python, "-c", "import websockets").Run() == nil {
			return python
		}
	}
	if os.Getenv("LIVECHAT_REQUIRE") == "1" {
		t.Fatal("python3-websockets is required here and not installed")
	}
	t.Skip("python3-websockets is not installed")
	return ""
}

func TestRedisCLI(t *testing.T) {
	t.Parallel()
	redisCLI := need.Program(t, "redis-cli")
	c := harness.Start(t, localcluster.Options{})
	host, port, err := net.SplitHostPort(c.Redis.Addr)
	if err != nil {
		t.Fatal(err)
	}
	var everybody []*client.Conn
	for i := range c.Servers {
		everybody = append(everybody,
			harness.Dial(t, client.Options{URL: c.ServerURL(i), Name: fmt.Sprint("client-", i)}))
	}
	for _, conn := range everybody {
		harness.Await[*client.Welcome](t, conn, nil)
	}

	p := run(t, nil, redisCLI, "-h", host, "-p", port, "subscribe", "livechat")
	p.until("subscribe")
	if out, err := exec.Command(redisCLI, "-h", host, "-p", port, "PUBLISH", "livechat",
		"hello by hand").CombinedOutput(); err != nil ||
		strings.TrimSpace(string(out)) != "5" {
		t.Errorf("PUBLISH: %v, %s, want the 4 servers and the other redis-cli", err, out)
	}
	p.until("hello by hand")
	for i, conn := range everybody {
		if n := harness.Await[*client.Notice](t, conn, nil); n.Text != "hello by hand" {
			t.Errorf("client %d was told %+v", i, n)
		}
	}

	seq := harness.Say(t, everybody[1], "for the record")
	line := p.until("for the record")
	var payload struct {
		Type  string `json:"type"`
		Seq   uint64 `json:"seq"`
		App   string `json:"app"`
		Name  string `json:"name"`
		Text  string `json:"text"`
		At    int64  `json:"at"`
		Epoch string `json:"epoch"`
	}
	if err := json.Unmarshal([]byte(line), &payload); err != nil || payload.Seq != seq ||
		payload.App != "2000" ||
		payload.Name != "client-1" ||
		payload.Type != "message" ||
		payload.At == 0 ||
		len(payload.Epoch) != 16 {
		t.Errorf("on the channel: %s, %v", line, err)
	}

	// Something that looks like a message but does not come from the script
	// must not pass for one.
	forged := `{"type":"message","seq":1,"id":"x","app":"1000","session":"s","name":"bob","text":"forged","at":1}`
	if out, err := exec.Command(redisCLI, "-h", host, "-p", port, "PUBLISH", "livechat",
		forged).CombinedOutput(); err != nil {
		t.Errorf("PUBLISH: %v, %s", err, out)
	}
	if n := harness.Await[*client.Notice](t, everybody[0], nil); n.Text != forged {
		t.Errorf("the forged message was delivered as %+v", n)
	}
	if next := harness.Say(t, everybody[0], "after it"); next != seq+1 {
		t.Errorf("the next message has seq %d, want %d", next, seq+1)
	}
}

package fanout

import (
	"io"
	"net"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"livechat/server/room"
)

// benchClients is how many sockets one pass writes to.
const benchClients = 200

// BenchmarkPass measures the hot path alone: one frame to each of many clients,
// next to a bare loop of writes, through the runtime and as raw system calls.
// No reader is woken by the writes; the data is read while the timer is
// stopped.
func BenchmarkPass(b *testing.B) {
	w := newWorld(b, 4096, nil)
	w.publish(100)
	s, _, conn := w.idleShard(room.Start{Cursor: w.room.Ring().Head()})
	conns := []*net.TCPConn{conn}
	for len(conns) < benchClients {
		server, conn := w.dial()
		c, err := s.fan.Add(server)
		if err != nil {
			b.Fatal(err)
		}
		c.shard = s
		s.attach(attachment{c, w.room, room.Start{Cursor: w.room.Ring().Head()}})
		conns = append(conns, conn)
	}
	v, _ := s.groups.Load(w.room)
	g := v.(*group)
	frame := w.room.Ring().At(w.room.Ring().Head() - 1).Frame
	head := w.room.Ring().Head()
	pass := func() {
		for _, c := range g.clients {
			c.cursor = head - 1
		}
		s.of = nil
		s.passGroup(g)
	}
	loop := func(write func(fd uintptr) bool) func() {
		var raws []syscall.RawConn
		for _, c := range g.clients {
			raw, err := c.conn.SyscallConn()
			if err != nil {
				b.Fatal(err)
			}
			raws = append(raws, raw)
		}
		return func() {
			for _, raw := range raws {
				_ = raw.Write(write)
			}
		}
	}
	for _, bench := range []struct {
		name string
		once func()
	}{
		{"pass", pass},
		{"bare loop", loop(func(fd uintptr) bool {
			_, _ = syscall.Write(int(fd), frame)
			return true
		})},
		{"bare loop, raw call", loop(func(fd uintptr) bool {
			_, _, _ = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(&frame[0])),
				uintptr(len(frame)))
			return true
		})},
	} {
		b.Run(bench.name, func(b *testing.B) {
			drain := make([]byte, 64<<10)
			const most = 100 // passes before the sockets are emptied
			empty := func(passes int) {
				for _, conn := range conns {
					deadline(b, conn, time.Minute)
					if _, err := io.CopyBuffer(io.Discard, io.LimitReader(conn, int64(passes*len(frame))),
						drain); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				bench.once()
				if n++; n == most {
					b.StopTimer()
					empty(n)
					n = 0
					b.StartTimer()
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchClients, "ns/delivery")
			empty(n)
		})
	}
}

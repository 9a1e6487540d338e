package watch

import (
	"encoding/hex"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// socket is a line of /proc/net/tcp.
type socket struct {
	local, remote netip.AddrPort
	listens       bool
	inode         string
}

// upstreams returns the processes on this machine that listen on the
// targets, the processes that those are connected to, and so on. Without /proc,
// or without permission, it returns none.
func upstreams(targets []string) (pids []int) {
	sockets := append(readSockets("/proc/net/tcp"), readSockets("/proc/net/tcp6")...)
	owners := socketOwners()
	var listeners []socket
	peers := make(map[int][]netip.AddrPort) // by process
	for _, s := range sockets {
		pid, known := owners[s.inode]
		switch {
		case !known || pid == os.Getpid():
		case s.listens:
			listeners = append(listeners, s)
		default:
			peers[pid] = append(peers[pid], s.remote)
		}
	}
	seen := make(map[netip.AddrPort]bool)
	var wanted []netip.AddrPort
	for _, t := range targets {
		wanted = append(wanted, localAddresses(t)...)
	}
	for len(wanted) > 0 {
		target := wanted[0]
		wanted = wanted[1:]
		if seen[target] {
			continue
		}
		seen[target] = true
		for _, l := range listeners {
			if pid := owners[l.inode]; accepts(l.local, target) && !slices.Contains(pids, pid) {
				pids = append(pids, pid)
				wanted = append(wanted, peers[pid]...)
			}
		}
	}
	return pids
}

// accepts reports whether a listener on local receives connections to target.
func accepts(local, target netip.AddrPort) bool {
	return local.Port() == target.Port() && (local.Addr() == target.Addr() || local.Addr().IsUnspecified())
}

// localAddresses returns the addresses of a target that are on this machine.
func localAddresses(target string) (all []netip.AddrPort) {
	u, err := url.Parse(target)
	if err != nil {
		return nil
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		port = 80
	}
	addresses, err := net.LookupHost(u.Hostname())
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if ip, err := netip.ParseAddr(a); err == nil && ip.IsLoopback() {
			all = append(all, netip.AddrPortFrom(ip.Unmap(), uint16(port)))
		}
	}
	return all
}

// readSockets parses a socket table of the kernel.
func readSockets(file string) (all []socket) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 10 {
			continue
		}
		local, ok1 := parseAddress(fields[1])
		remote, ok2 := parseAddress(fields[2])
		if ok1 && ok2 {
			all = append(all, socket{local, remote, fields[3] == "0A", fields[9]}) // TCP_LISTEN
		}
	}
	return all
}

// parseAddress parses an address in the kernel's format: words of four bytes in
// host order, which is little-endian wherever this runs.
func parseAddress(s string) (a netip.AddrPort, ok bool) {
	digits, port, found := strings.Cut(s, ":")
	b, err := hex.DecodeString(digits)
	n, err2 := strconv.ParseUint(port, 16, 16)
	if !found || err != nil || err2 != nil || len(b)%4 != 0 {
		return a, false
	}
	for i := 0; i < len(b); i += 4 {
		slices.Reverse(b[i : i+4])
	}
	ip, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), ok
}

// socketOwners returns the process of each socket by inode.
func socketOwners() map[string]int {
	owners := make(map[string]int)
	processes, err := filepath.Glob("/proc/[0-9]*/fd")
	if err != nil {
		return owners // impossible: the pattern is valid
	}
	for _, dir := range processes {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		if err != nil {
			continue
		}
		files, err := os.ReadDir(dir)
		if err != nil {
			continue // another user's process
		}
		for _, f := range files {
			link, err := os.Readlink(filepath.Join(dir, f.Name()))
			if inode, ok := strings.CutPrefix(link, "socket:["); err == nil && ok {
				owners[strings.TrimSuffix(inode, "]")] = pid
			}
		}
	}
	return owners
}

package config

import "testing"

func TestShareFiles(t *testing.T) {
	for files, want := range map[int][2]int{
		16: {16, 16}, 200: {79, 25}, 1024: {800, 128}, 16384: {15288, 1000}, 1 << 20: {1<<20 - 1096, 1000},
	} {
		if sockets, requests := ShareFiles(files); sockets != want[0] || requests != want[1] {
			t.Errorf("of %d files, %d are for WebSockets and %d for requests, want %d", files, sockets, requests, want)
		}
	}
}

// Without a setting the number of connections follows the files of the process.
func TestMaxConnectionsFollowsFiles(t *testing.T) {
	follows, _ := ShareFiles(OpenFiles())
	for given, want := range map[string]int{"": follows, "0": 0, "7": 7} {
		c, err := Load(map[string]string{"MAX_CONNECTIONS": given})
		if err != nil || c.Limits.MaxConnections != want {
			t.Errorf("MAX_CONNECTIONS=%s gives %d, %v; want %d", given, c.Limits.MaxConnections, err, want)
		}
	}
}

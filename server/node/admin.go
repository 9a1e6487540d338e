package node

import (
	"cmp"
	"context"
	"time"

	"livechat/server/admin"
	"livechat/server/api"
	"livechat/server/config"
	"livechat/server/connections"
)

// adminOptions is what the API needs for admins.
func (n *Node) adminOptions() api.Admin {
	s := &n.services
	return api.Admin{
		AdminService: admin.NewService(admin.ServiceOptions{
			Store: s.store, Accounts: s.accounts, Ended: s.revoker.Now,
			Connections: n.connections, Online: n.onlineByServer,
		}),
		Settings: n.settings, Storage: n.storage,
	}
}

// buildConnections makes what answers, and asks, about connections.
func (n *Node) buildConnections(version string) {
	n.connections = connections.New(connections.Options{
		Node: n.id, Version: version, Sockets: n.sockets, Servers: n.processes,
		Send: n.bus.PublishGossip, SendTo: n.bus.PublishGossipTo,
		Redis: n.bus, Prefix: n.cfg.Redis.Channel, Logger: n.logger,
	})
}

// processes returns all processes of the cluster, as presence knows them.
func (n *Node) processes() (all []connections.Server) {
	for _, p := range n.presence.Nodes() {
		all = append(all, connections.Server{Node: p.Node, App: p.App, Role: cmp.Or(p.Role, config.RoleWS),
			Connections: p.Total, Unavailable: p.Unavailable})
	}
	return all
}

// onlineByServer returns how many connections there are in each room, by the
// name of the server.
func (n *Node) onlineByServer() map[string]map[string]int {
	names := map[string]string{}
	for _, p := range n.presence.Nodes() {
		names[p.Node] = p.App
	}
	rooms := n.presence.Rooms()
	for room, counts := range rooms {
		named := map[string]int{}
		for node, online := range counts {
			named[names[node]] += online
		}
		rooms[room] = named
	}
	return rooms
}

// reachTime is how long the store of files may take to answer an admin.
const reachTime = 2 * time.Second

// storage returns what files use, and whether their store answers.
func (n *Node) storage(ctx context.Context) (api.Storage, error) {
	usage, err := n.services.store.FileUsage(ctx)
	if err != nil {
		return api.Storage{}, err
	}
	types, err := n.services.store.FileTypes(ctx)
	if err != nil {
		return api.Storage{}, err
	}
	c := n.cfg.Files
	s := api.Storage{
		Files: usage.Files, Bytes: usage.Bytes, GuestFiles: usage.GuestFiles, GuestBytes: usage.GuestBytes,
		Limits: api.StorageLimits{
			File: c.MaxFile, All: c.Max, Guests: c.GuestMax, User: c.Quota, GuestDay: c.GuestDay,
		},
		Kinds: api.KindsOf(types),
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	if err := n.services.files.Reach(ctx); err != nil {
		n.logger.DebugContext(ctx, "files: the store does not answer", "error", err)
		s.Away = true
	}
	return s, nil
}

// settings returns the settings of this process for admins.
func (n *Node) settings() (all []api.Setting) {
	for _, v := range n.cfg.Values() {
		all = append(all, api.Setting{Name: v.Name, About: v.About, Value: v.Value, Secret: v.Secret,
			Changed: v.Secret || v.Value != v.Default})
	}
	return all
}

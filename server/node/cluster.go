package node

import (
	"livechat/server/cluster"
	"livechat/server/metrics"
)

// figures returns this server's state, for watchers of the cluster.
func (n *Node) figures() cluster.Sample {
	_, ready := n.readiness()
	return cluster.Sample{
		State: ready.Status, Connections: ready.Connections,
		In:  metrics.Value(n.metrics.Received.WithLabelValues(metrics.Taken)),
		Out: metrics.Value(n.metrics.Deliveries),
		P99: n.passes.Percentile(0.99),
	}
}

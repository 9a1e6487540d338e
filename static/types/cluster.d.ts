// The cluster page.

export type ClusterState = 'starting' | 'ready' | 'draining' | 'deaf' | 'read-only' | 'left' | 'gone' | 'unknown'
export type ClusterServer = {
  node: string; app: string; state: ClusterState; connections: number
  rate_in: number; rate_out: number // a second
  p99_pass_us: number; uptime_s: number; version: string
}
export type ClusterFrame = {
  type: 'cluster'; at: number; app: string
  redis: { state: 'up' | 'down'; round_trip_us?: number; embedded?: boolean }
  servers: ClusterServer[]
}
export type Measure = 'connections' | 'rate_in' | 'rate_out' | 'p99_pass_us'

export type Box = { x: number; y: number; width: number; height: number }
/**
 * Lines as SVG paths: three that are drawn, and four that dots travel along.
 */
export type Route = {
  trunk: string; branch: string; link: string
  toServer: string; toRedis: string; fromRedis: string; toPeople: string
}

export type Theme = 'system' | 'light' | 'dark'

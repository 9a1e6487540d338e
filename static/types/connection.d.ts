// The connection.

export type ConnectionState =
  | { kind: 'connecting'; since: number }
  | { kind: 'connected'; app: string }
  | { kind: 'waiting'; until: number; code: number; opened: boolean; away: boolean } // opened: the handshake had succeeded; away: not to be cut short
  | { kind: 'stopped'; code: number; until?: number } // until: when one may come back, if that is known

export type Address = {
  /** The address of a WebSocket of that room. */
  socket: (query: Record<string, string>) => string
  /** The address that says who is in a room. */
  glance: (room: string) => string
  /**
   * The address of a WebSocket that receives what happens in the chats of an
   * account.
   */
  feed: string
  /** The address of a WebSocket that watches the cluster. */
  cluster: string
}

/** Time, so that tests can bring their own. */
export type Clock = { now: () => number; after: (ms: number, run: () => void) => () => void }

/** As much of a WebSocket as the page uses. */
export type Socket = {
  send: (data: string) => void
  close: (code?: number, reason?: string) => void
  onopen: ((event: any) => void) | null
  onmessage: ((event: any) => void) | null
  onclose: ((event: any) => void) | null
}

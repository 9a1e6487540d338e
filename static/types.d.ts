// The shapes that the modules of the page hand to one another. Only for the
// type checker: nothing here is served.

export * from './types/protocol.js'
export * from './types/items.js'
export * from './types/unsent.js'
export * from './types/connection.js'
export * from './types/conversations.js'
export * from './types/cluster.js'

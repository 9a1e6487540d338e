// Units of time, where there is little room.

export const UNITS = { day: 'd', hour: 'h', minute: 'min', second: 's' }

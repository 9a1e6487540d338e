// Package limit bounds what one key, such as an address or an account, may do:
// how often (Throttle), and how much at once (Turns).
package limit

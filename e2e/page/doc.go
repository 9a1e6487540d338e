// Package page tests the page in a browser, against real servers.
package page

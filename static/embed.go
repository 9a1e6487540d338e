// Package static is the page, as files in the binary: the server serves them where no Nginx stands before it. Nginx copies the same files.
package static

import "embed"

// Files holds what a browser may ask for, and nothing else: index.html at the top.
//
//go:embed index.html manifest.webmanifest css js icons
var Files embed.FS

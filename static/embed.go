// Package static is the page: what a browser gets, and nothing else. The folder
// holds its tests and type declarations as well; they are neither embedded here
// nor copied by the image of the web server, which takes the same names.
package static

import "embed"

// Files are the files of the page, index.html at the top.
//
//go:embed index.html admin.html cluster.html 404.html sw.js manifest.webmanifest emoji.json css icons js templates
var Files embed.FS

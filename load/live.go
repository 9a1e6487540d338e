package main

import (
	"context"
	"fmt"
	"io"

	"livechat/load/live"
)

// serve shows the run on the address of -listen, if there is one, and says
// where.
func (o *options) serve(ctx context.Context, progress io.Writer, args []string) (*live.Server, error) {
	if o.listen == "" {
		return nil, nil
	}
	shown, err := live.Listen(ctx, o.listen, &o.settings, args)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(progress, "live page http://%s/, metrics http://%[1]s/metrics\n", shown.Addr())
	return shown, nil
}

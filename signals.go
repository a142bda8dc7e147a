package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// endSignals ask the program to end.
var endSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// awaitSignals returns a context of ctx that ends with the first signal to end. One more ends the program as if nobody waited.
func awaitSignals(ctx context.Context) context.Context {
	ctx, stop := signal.NotifyContext(ctx, endSignals...)
	context.AfterFunc(ctx, stop)
	return ctx
}

// takeSignals is awaitSignals for this program alone: whoever else in it waits for signals no longer hears them. Fyne ends its
// driver at one, at once, and whatever is still at work in the window panics then.
func takeSignals(ctx context.Context) context.Context {
	signal.Reset(endSignals...)
	return awaitSignals(ctx)
}

//go:build !windows

package main

// letForward does nothing: elsewhere a program needs no right to the foreground, or none can give it.
func letForward() {}

// leaveConsole does nothing: elsewhere no terminal is opened for a program.
func leaveConsole() {}

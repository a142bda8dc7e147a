package main

import (
	"os"
	"syscall"
	"unsafe"
)

var (
	allowSetForegroundWindow = syscall.NewLazyDLL("user32.dll").NewProc("AllowSetForegroundWindow")
	getConsoleProcessList    = syscall.NewLazyDLL("kernel32.dll").NewProc("GetConsoleProcessList")
	freeConsole              = syscall.NewLazyDLL("kernel32.dll").NewProc("FreeConsole")
)

// letForward gives other programs the right to the foreground that this one has because a person
// has just started it.
func letForward() {
	const anyProcess = ^uint32(0)
	_, _, _ = allowSetForegroundWindow.Call(uintptr(anyProcess))
}

// leaveConsole closes the console that Windows opened for this program alone, as for a double
// click: closing it by hand would end the window.
func leaveConsole() {
	var processes [2]uint32
	if n, _, _ := getConsoleProcessList.Call(uintptr(unsafe.Pointer(&processes[0])), uintptr(len(processes))); n != 1 {
		return
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return
	}
	if ok, _, _ := freeConsole.Call(); ok != 0 {
		os.Stdin, os.Stdout, os.Stderr = null, null, null // those of the console are gone with it
	}
}

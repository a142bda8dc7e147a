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
	var ofConsole []**os.File // else it leads into a file or another program, and stays
	for _, stream := range []**os.File{&os.Stdin, &os.Stdout, &os.Stderr} {
		var mode uint32
		if syscall.GetConsoleMode(syscall.Handle((*stream).Fd()), &mode) == nil {
			ofConsole = append(ofConsole, stream)
		}
	}
	if ok, _, _ := freeConsole.Call(); ok != 0 {
		for _, stream := range ofConsole {
			*stream = null // those of the console are gone with it
		}
	}
}

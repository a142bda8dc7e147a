package main

import (
	"context"
	"runtime"
	"time"

	"github.com/godbus/dbus/v5"
)

// trayTime is how long the session bus has to answer; it does within milliseconds.
const trayTime = time.Second

// hasTray says whether the desktop shows icons of programs. On Linux that is somebody who
// has the name of the freedesktop.org StatusNotifierItem specification on the session bus;
// without one Fyne's icon would be nowhere, and a hidden window could not be found again.
func hasTray(ctx context.Context) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, trayTime)
	defer cancel()
	bus, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx)) // asking is to start none
	if err != nil {
		return false // a session without a bus has no tray
	}
	defer bus.Close()
	if bus.Auth(nil) != nil || bus.Hello() != nil {
		return false
	}
	var there bool
	err = bus.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, "org.kde.StatusNotifierWatcher").Store(&there)
	return err == nil && there
}

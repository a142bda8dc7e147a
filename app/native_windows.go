package app

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
	"golang.org/x/sys/windows"
)

var (
	user32     = windows.NewLazySystemDLL("user32.dll")
	isIconic   = user32.NewProc("IsIconic")
	showWindow = user32.NewProc("ShowWindow")
)

// restore brings a window back that is minimised: Fyne's Show leaves it in the taskbar.
func restore(f fyne.Window) {
	native, ok := f.(driver.NativeWindow)
	if !ok {
		return
	}
	native.RunNative(func(context any) {
		c, ok := context.(driver.WindowsWindowContext)
		if !ok || c.HWND == 0 {
			return
		}
		if minimised, _, _ := isIconic.Call(c.HWND); minimised != 0 {
			_, _, _ = showWindow.Call(c.HWND, windows.SW_RESTORE)
		}
	})
}

// showMessage shows words where no window of ours can be.
func showMessage(words string) {
	text, err := windows.UTF16PtrFromString(words)
	if err != nil {
		return
	}
	title, err := windows.UTF16PtrFromString("CLARA")
	if err != nil {
		return
	}
	_, _ = windows.MessageBox(0, text, title, windows.MB_OK|windows.MB_ICONERROR)
}

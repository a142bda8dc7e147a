package app

import (
	"syscall"
	"unsafe"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver"
)

var (
	user32     = syscall.NewLazyDLL("user32.dll") // one that Windows takes from its own folder only
	isIconic   = user32.NewProc("IsIconic")
	showWindow = user32.NewProc("ShowWindow")
	messageBox = user32.NewProc("MessageBoxW")
)

// restore brings a window back that is minimised: Fyne's Show leaves it in the taskbar.
func restore(f fyne.Window) {
	native, ok := f.(driver.NativeWindow)
	if !ok {
		return
	}
	native.RunNative(func(context any) {
		const restored = 9 // SW_RESTORE
		c, ok := context.(driver.WindowsWindowContext)
		if !ok || c.HWND == 0 {
			return
		}
		if minimised, _, _ := isIconic.Call(c.HWND); minimised != 0 {
			_, _, _ = showWindow.Call(c.HWND, restored)
		}
	})
}

// showMessage shows words where no window of ours can be.
func showMessage(words string) {
	const errorIcon = 0x10 // MB_ICONERROR, with the button OK
	text, err := syscall.UTF16PtrFromString(words)
	if err != nil {
		return
	}
	title, err := syscall.UTF16PtrFromString("CLARA")
	if err != nil {
		return
	}
	_, _, _ = messageBox.Call(0, uintptr(unsafe.Pointer(text)), uintptr(unsafe.Pointer(title)), errorIcon)
}

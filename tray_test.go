package main

import (
	"bufio"
	"encoding/binary"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"
)

func TestTrayIsWhereSomebodyWatchesForIcons(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux a desktop may have no tray")
	}
	path := filepath.Join(t.TempDir(), "bus")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+path)
	if hasTray(t.Context()) {
		t.Error("there is a tray without a session bus")
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, watched := range []bool{true, false} {
		asked := make(chan any, 1)
		go func() {
			defer close(asked)
			if c, err := l.Accept(); err == nil {
				defer c.Close()
				asked <- answerAsBus(c, watched)
			}
		}()
		if hasTray(t.Context()) != watched {
			t.Errorf("with somebody who watches %v the tray is %v", watched, !watched)
		}
		if name := <-asked; name != "org.kde.StatusNotifierWatcher" {
			t.Errorf("asked for %v", name)
		}
	}
}

// answerAsBus is a session bus that lets everybody in and says of each name that it is had, or not. It returns the name that
// was asked for last when the caller has gone.
func answerAsBus(c net.Conn, had bool) (name any) {
	in := bufio.NewReader(c)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		answer := "OK 1234\r\n"
		switch words := strings.Fields(strings.TrimPrefix(line, "\x00")); {
		case words[0] == "AUTH" && len(words) == 1:
			answer = "REJECTED EXTERNAL\r\n"
		case words[0] == "NEGOTIATE_UNIX_FD":
			answer = "ERROR\r\n"
		case words[0] == "BEGIN":
			answer = ""
		}
		if _, err := c.Write([]byte(answer)); err != nil {
			return err
		}
		if answer == "" {
			break
		}
	}
	for {
		m, err := dbus.DecodeMessage(in)
		if err != nil {
			return name
		}
		var answer any = ":1.1" // what the caller is called from now on
		if m.Headers[dbus.FieldMember].Value() == "NameHasOwner" {
			name, answer = m.Body[0], had
		}
		m.Type, m.Body = dbus.TypeMethodReply, []any{answer}
		m.Headers = map[dbus.HeaderField]dbus.Variant{
			dbus.FieldReplySerial: dbus.MakeVariant(m.Serial()), dbus.FieldSignature: dbus.MakeVariant(dbus.SignatureOf(answer)),
		}
		if err := m.EncodeTo(c, binary.LittleEndian); err != nil {
			return err
		}
	}
}

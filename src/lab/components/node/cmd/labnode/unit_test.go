package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

func parse(t *testing.T, text string) (*Unit, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.service")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return parseUnit("a", path)
}

func TestUnitAsK3sInstallsIt(t *testing.T) {
	environment := filepath.Join(t.TempDir(), "a.env")
	if err := os.WriteFile(environment, []byte("# comment\nK3S_TOKEN='secret'\n\nHTTP_PROXY=\"http://proxy:1\"\nBROKEN\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	unit, err := parse(t, `[Unit]
Description=Lightweight Kubernetes
Documentation=https://k3s.io
# ExecStart=/bin/not-this

[Service]
Type=notify
EnvironmentFile=-/nowhere/a.env
EnvironmentFile=-`+environment+`
Environment=A=1 B=2
KillMode=process
Restart=always
RestartSec=5s
TimeoutStopSec=90
ExecStartPre=-/sbin/modprobe overlay
ExecStart=/usr/local/bin/k3s \
    server \
	--node-name=one \


[Install]
WantedBy=multi-user.target
`)
	if err != nil {
		t.Fatal(err)
	}
	want := &Unit{
		Name: "a", Description: "Lightweight Kubernetes", ExecStart: []string{"/usr/local/bin/k3s", "server", "--node-name=one"},
		Environment: []string{"K3S_TOKEN=secret", "HTTP_PROXY=http://proxy:1", "A=1", "B=2"},
		KillMode:    "process", Restart: "always", RestartSec: 5 * time.Second, TimeoutStop: 90 * time.Second,
	}
	if !reflect.DeepEqual(unit, want) {
		t.Errorf("got %+v, want %+v", unit, want)
	}
}

func TestUnitDefaultsAreThoseOfSystemd(t *testing.T) {
	unit, err := parse(t, "[Service]\nExecStart=/bin/true\n")
	if err != nil {
		t.Fatal(err)
	}
	if unit.KillMode != "control-group" || unit.Restart != "no" || unit.RestartSec != 100*time.Millisecond {
		t.Errorf("got %+v", unit)
	}
}

func TestUnitRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"[Service]\nDescription=nothing to start\n":       "has no ExecStart=",
		"[Service]\nExecStart=/bin/true\nRestartSec=soon": "RestartSec=soon",
	} {
		if _, err := parse(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
	if _, err := loadUnit("no-such-unit-anywhere"); err == nil || err.Error() != "Unit no-such-unit-anywhere.service could not be found." {
		t.Errorf("got %v", err)
	}
}

func TestSeconds(t *testing.T) {
	for text, want := range map[string]time.Duration{"5": 5 * time.Second, "5s": 5 * time.Second, "1min": -1, "100ms": 100 * time.Millisecond, "0.5": 500 * time.Millisecond} {
		got, err := parseSeconds(text)
		if want < 0 {
			if err == nil {
				t.Errorf("%s: expected an error, got %s", text, got)
			}
		} else if err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestHowAProcessEnded(t *testing.T) {
	for status, want := range map[syscall.WaitStatus]string{0: "code=exited, status=0", 3 << 8: "code=exited, status=3", 9: "code=killed, status=9/killed"} {
		if got := describe(status); got != want {
			t.Errorf("%d: got %q, want %q", status, got, want)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const unitDir = "/etc/systemd/system"
const wantsDir = unitDir + "/multi-user.target.wants"

// Unit is the part of a systemd service file that the lab's units use (systemd.service(5), systemd.kill(5)).
type Unit struct {
	Name        string
	Description string
	ExecStart   []string
	Environment []string
	// KillMode is "process" (only the main process is ended) or "control-group" (its whole process group).
	KillMode    string
	Restart     string
	RestartSec  time.Duration
	TimeoutStop time.Duration
}

func unitName(name string) string { return strings.TrimSuffix(name, ".service") }

func unitPath(name string) string { return filepath.Join(unitDir, unitName(name)+".service") }

func loadUnit(name string) (*Unit, error) { return parseUnit(name, unitPath(name)) }

// parseUnit reads a service file. Unknown settings are ignored, as systemd does with a warning.
func parseUnit(name, path string) (*Unit, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("Unit %s.service could not be found.", unitName(name))
	}
	unit := &Unit{Name: unitName(name), KillMode: "control-group", Restart: "no", RestartSec: 100 * time.Millisecond, TimeoutStop: 20 * time.Second}
	// A backslash at the end of a line joins it to the next (systemd.syntax(7)).
	for line := range strings.SplitSeq(strings.ReplaceAll(string(text), "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		key, value, found := strings.Cut(line, "=")
		if !found || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "[") {
			continue
		}
		switch key {
		case "Description":
			unit.Description = value
		case "ExecStart":
			unit.ExecStart = strings.Fields(value)
		case "Environment":
			unit.Environment = append(unit.Environment, strings.Fields(value)...)
		case "EnvironmentFile":
			unit.Environment = append(unit.Environment, environmentFile(value)...)
		case "KillMode":
			unit.KillMode = value
		case "Restart":
			unit.Restart = value
		case "RestartSec":
			if unit.RestartSec, err = parseSeconds(value); err != nil {
				return nil, fmt.Errorf("%s: RestartSec=%s: %w", path, value, err)
			}
		case "TimeoutStopSec":
			if unit.TimeoutStop, err = parseSeconds(value); err != nil {
				return nil, fmt.Errorf("%s: TimeoutStopSec=%s: %w", path, value, err)
			}
		}
	}
	if len(unit.ExecStart) == 0 {
		return nil, fmt.Errorf("%s has no ExecStart=", path)
	}
	return unit, nil
}

func parseSeconds(text string) (time.Duration, error) {
	if duration, err := time.ParseDuration(text); err == nil {
		return duration, nil
	}
	return time.ParseDuration(text + "s")
}

// environmentFile reads NAME=VALUE lines; a leading "-" means that a missing file is fine (systemd.exec(5)).
func environmentFile(value string) []string {
	bytes, err := os.ReadFile(strings.TrimPrefix(value, "-"))
	if err != nil {
		return nil
	}
	var result []string
	for _, line := range strings.Split(string(bytes), "\n") {
		line = strings.TrimSpace(line)
		if name, text, found := strings.Cut(line, "="); found && !strings.HasPrefix(line, "#") {
			result = append(result, name+"="+strings.Trim(text, `"'`))
		}
	}
	return result
}

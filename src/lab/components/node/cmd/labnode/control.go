package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"
)

const controlSocket = "/run/labnode/control.sock"

type request struct {
	Verb string `json:"verb"`
	Unit string `json:"unit"`
	// NoBlock asks for an answer as soon as the work is under way (systemctl --no-block).
	NoBlock bool `json:"noBlock,omitempty"`
}

type state struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Active      string `json:"active"`
	Sub         string `json:"sub"`
	MainPID     int    `json:"mainPid"`
	Since       string `json:"since"`
	// StartMonotonic is when the main process was started, in microseconds of CLOCK_MONOTONIC; 0 before the first start.
	StartMonotonic int64  `json:"startMonotonic"`
	LastEnd        string `json:"lastEnd"`
	Enabled        bool   `json:"enabled"`
}

type response struct {
	Error string `json:"error,omitempty"`
	State *state `json:"state,omitempty"`
}

func (m *manager) listen() (net.Listener, error) {
	if err := os.MkdirAll("/run/labnode", 0o755); err != nil {
		return nil, err
	}
	return net.Listen("unix", controlSocket)
}

func (m *manager) serve(listener net.Listener) {
	for {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			var asked request
			if json.NewDecoder(connection).Decode(&asked) != nil {
				return
			}
			_ = json.NewEncoder(connection).Encode(m.answer(asked))
		}()
	}
}

func (m *manager) answer(asked request) response {
	acts := map[string]func(string) error{"start": m.start, "stop": m.stop, "restart": m.restart}
	act, err := acts[asked.Verb], error(nil)
	switch {
	case asked.Verb == "state":
	case act == nil:
		err = fmt.Errorf("Unknown command verb %s.", asked.Verb)
	case asked.NoBlock:
		// Like systemd: a unit that does not exist is refused at once, everything else shows in the unit's state.
		if _, err = loadUnit(asked.Unit); err == nil {
			go func() {
				if err := act(asked.Unit); err != nil {
					note(asked.Unit, "Failed to %s %s.service: %v", asked.Verb, unitName(asked.Unit), err)
				}
			}()
		}
	default:
		err = act(asked.Unit)
	}
	if err != nil {
		return response{Error: err.Error()}
	}
	described, err := m.describe(asked.Unit)
	if err != nil {
		return response{Error: err.Error()}
	}
	return response{State: described}
}

func (m *manager) describe(name string) (*state, error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	result := &state{Name: unitName(name), Active: "inactive", Sub: "dead"}
	_, err := os.Lstat(wantsDir + "/" + result.Name + ".service")
	result.Enabled = err == nil
	s := m.services[result.Name]
	if s == nil {
		unit, err := loadUnit(name)
		if err != nil {
			return nil, err
		}
		result.Description = unit.Description
		return result, nil
	}
	result.Description, result.MainPID, result.LastEnd = s.unit.Description, s.pid, s.lastEnd
	result.Since = s.since.Format(time.RFC3339)
	result.StartMonotonic = s.startMonotonic
	switch {
	case s.pid != 0:
		result.Active, result.Sub = "active", "running"
	case s.restart != nil:
		result.Active, result.Sub = "activating", "auto-restart"
	case s.failed:
		result.Active, result.Sub = "failed", "failed"
	}
	return result, nil
}

func ask(asked request) (response, error) {
	connection, err := net.Dial("unix", controlSocket)
	if err != nil {
		return response{}, fmt.Errorf("process 1 does not answer: %w", err)
	}
	defer connection.Close()
	if err := json.NewEncoder(connection).Encode(asked); err != nil {
		return response{}, err
	}
	var answer response
	err = json.NewDecoder(connection).Decode(&answer)
	return answer, err
}

// systemctl understands the verbs that operators and Fairlead use; exit codes are systemctl's own (3: not active, 4: no such unit).
func systemctl(args []string) int {
	var words []string
	now, noBlock := false, false
	var properties []string
	for index := 0; index < len(args); index++ {
		switch arg := args[index]; {
		case arg == "-p" && index+1 < len(args):
			index++
			properties = append(properties, strings.Split(args[index], ",")...)
		case strings.HasPrefix(arg, "--property="):
			properties = append(properties, strings.Split(strings.TrimPrefix(arg, "--property="), ",")...)
		case arg == "--no-block":
			noBlock = true
		case arg == "--now":
			now = true
		case strings.HasPrefix(arg, "-"):
		default:
			words = append(words, arg)
		}
	}
	if len(words) == 1 && words[0] == "daemon-reload" {
		return 0
	}
	if len(words) < 2 {
		fmt.Fprintln(os.Stderr, "usage: systemctl start|stop|restart|status|is-active|is-enabled|enable|disable|show|cat UNIT…")
		return 1
	}
	code := 0
	for _, unit := range words[1:] {
		if result := unitVerb(request{Verb: words[0], Unit: unit, NoBlock: noBlock}, properties, now); result != 0 {
			code = result
		}
	}
	return code
}

func unitVerb(asked request, properties []string, now bool) int {
	verb, unit := asked.Verb, asked.Unit
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	switch verb {
	case "cat":
		text, err := os.ReadFile(unitPath(unit))
		if err != nil {
			return fail(fmt.Errorf("No files found for %s.service.", unitName(unit)))
		}
		fmt.Printf("# %s\n%s", unitPath(unit), text)
		return 0
	case "enable", "disable":
		if err := enable(unit, verb == "enable"); err != nil {
			return fail(err)
		}
		if !now {
			return 0
		}
		asked.Verb = map[string]string{"enable": "start", "disable": "stop"}[verb]
	case "status", "is-active", "is-enabled", "show":
		answer, err := ask(request{Verb: "state", Unit: unit})
		if err != nil {
			return fail(err)
		}
		if answer.State == nil {
			fmt.Fprintln(os.Stderr, answer.Error)
			return 4
		}
		return printState(verb, answer.State, properties)
	}
	answer, err := ask(asked)
	if err != nil {
		return fail(err)
	}
	if answer.Error != "" {
		fmt.Fprintf(os.Stderr, "Failed to %s %s.service: %s\n", asked.Verb, unitName(unit), answer.Error)
		return 5
	}
	return 0
}

func printState(verb string, s *state, properties []string) int {
	notActive := 0
	if s.Active != "active" {
		notActive = 3
	}
	enabled := map[bool]string{true: "enabled", false: "disabled"}[s.Enabled]
	switch verb {
	case "is-active":
		fmt.Println(s.Active)
		return notActive
	case "is-enabled":
		fmt.Println(enabled)
		if !s.Enabled {
			return 1
		}
		return 0
	case "show":
		for _, line := range []string{"ActiveState=" + s.Active, "SubState=" + s.Sub, fmt.Sprintf("MainPID=%d", s.MainPID), fmt.Sprintf("ExecMainStartTimestampMonotonic=%d", s.StartMonotonic), "UnitFileState=" + enabled, "Description=" + s.Description} {
			name, _, _ := strings.Cut(line, "=")
			if len(properties) == 0 || slices.Contains(properties, name) {
				fmt.Println(line)
			}
		}
		return 0
	}
	fmt.Printf("● %s.service - %s\n     Loaded: loaded (%s; %s)\n     Active: %s (%s) since %s\n", s.Name, s.Description, unitPath(s.Name), enabled, s.Active, s.Sub, s.Since)
	if s.MainPID != 0 {
		fmt.Printf("   Main PID: %d\n", s.MainPID)
	} else if s.LastEnd != "" {
		fmt.Printf("    Process: %s\n", s.LastEnd)
	}
	fmt.Println()
	printTail(s.Name, 10)
	return notActive
}

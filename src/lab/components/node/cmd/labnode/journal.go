package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const journalDir = "/var/log/labnode"

func journalPath(unit string) string { return filepath.Join(journalDir, unitName(unit)+".log") }

// openJournal returns the write end of a pipe whose lines are stamped and appended to the unit's log.
func openJournal(unit string) (*os.File, error) {
	if err := os.MkdirAll(journalDir, 0o755); err != nil {
		return nil, err
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() {
		defer reader.Close()
		lines := bufio.NewReaderSize(reader, 64*1024)
		for {
			line, err := lines.ReadString('\n')
			if line != "" {
				appendLine(unit, unit, strings.TrimRight(line, "\n"))
			}
			if err != nil {
				return
			}
		}
	}()
	return writer, nil
}

// note writes a line of process 1 itself about a unit.
func note(unit, format string, values ...any) {
	appendLine(unit, "systemd", fmt.Sprintf(format, values...))
}

func appendLine(unit, speaker, text string) {
	file, err := os.OpenFile(journalPath(unit), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer file.Close()
	host, _ := os.Hostname()
	fmt.Fprintf(file, "%s %s %s: %s\n", time.Now().Format("2006-01-02T15:04:05.000000-0700"), host, speaker, text)
}

// journalctl prints units' logs: -u UNIT (repeatable), -n LINES, -f, --no-pager and -o cat.
func journalctl(args []string) int {
	var units []string
	lines, follow, bare := -1, false, false
	for index := 0; index < len(args); index++ {
		name, value, joined := strings.Cut(args[index], "=")
		next := func() string {
			if !joined && index+1 < len(args) {
				index++
				return args[index]
			}
			return value
		}
		switch name {
		case "-u", "--unit":
			units = append(units, unitName(next()))
		case "-n", "--lines":
			count, err := strconv.Atoi(next())
			if err != nil {
				fmt.Fprintln(os.Stderr, "Failed to parse lines")
				return 1
			}
			lines = count
		case "-o", "--output":
			bare = next() == "cat"
		case "-f", "--follow":
			follow = true
		}
	}
	if len(units) == 0 {
		entries, _ := filepath.Glob(filepath.Join(journalDir, "*.log"))
		for _, entry := range entries {
			units = append(units, strings.TrimSuffix(filepath.Base(entry), ".log"))
		}
	}
	if follow && lines < 0 {
		lines = 10
	}
	for _, unit := range units {
		for _, line := range tail(unit, lines) {
			printLine(line, bare)
		}
	}
	if follow && len(units) > 0 {
		followJournal(units[0], bare)
	}
	return 0
}

func printLine(line string, bare bool) {
	if bare {
		if _, text, found := strings.Cut(line, ": "); found {
			line = text
		}
	}
	fmt.Println(line)
}

func tail(unit string, count int) []string {
	bytes, err := os.ReadFile(journalPath(unit))
	if err != nil || len(bytes) == 0 {
		return nil
	}
	all := strings.Split(strings.TrimRight(string(bytes), "\n"), "\n")
	if count >= 0 && len(all) > count {
		all = all[len(all)-count:]
	}
	return all
}

func printTail(unit string, count int) {
	for _, line := range tail(unit, count) {
		fmt.Println(line)
	}
}

func followJournal(unit string, bare bool) {
	file, err := os.Open(journalPath(unit))
	if err != nil {
		return
	}
	defer file.Close()
	if _, err := file.Seek(0, io.SeekEnd); err != nil {
		return
	}
	reader := bufio.NewReader(file)
	part := ""
	for {
		text, err := reader.ReadString('\n')
		part += text
		if err == io.EOF {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if err != nil {
			return
		}
		printLine(strings.TrimRight(part, "\n"), bare)
		part = ""
	}
}

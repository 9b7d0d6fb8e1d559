// Package flannelcni is the logic of the lab's stand-in for Flannel's CNI plugin. The contract is the README
// of flannel-io/cni-plugin and the CNI specification 1.1; the code is our own.
package flannelcni

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	defaultSubnetFile = "/run/flannel/subnet.env"
	defaultDataDir    = "/var/lib/cni/flannel"
)

// Error codes of the CNI specification.
const (
	codeInvalidEnvironment = 4
	codeIO                 = 5
	codeDecoding           = 6
	codeInvalidConfig      = 7
	codeNotAvailable       = 50
	codeGeneric            = 999 // what the plugins' common library uses for any other error
)

var supportedVersions = []string{"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"}

// Error is a CNI error result.
type Error struct {
	CNIVersion string `json:"cniVersion"`
	Code       uint   `json:"code"`
	Msg        string `json:"msg"`
	Details    string `json:"details,omitempty"`
}

func (e *Error) Error() string { return e.Msg }

func fail(code uint, format string, args ...any) *Error {
	return &Error{Code: code, Msg: fmt.Sprintf(format, args...)}
}

// object is a JSON object kept as it came; numbers stay as written.
type object = map[string]any

func decode(content []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var out object
	err := decoder.Decode(&out)
	return out, err
}

func text(o object, key, fallback string) string {
	if value, ok := o[key].(string); ok && value != "" {
		return value
	}
	return fallback
}

// Main runs the plugin and returns its exit code.
func Main(getenv func(string) string, stdin io.Reader, stdout io.Writer) int {
	content, err := io.ReadAll(stdin)
	var conf object
	if err == nil && len(bytes.TrimSpace(content)) > 0 {
		conf, err = decode(content)
	}
	version := text(conf, "cniVersion", "0.1.0") // the specification's meaning of "absent"
	var output []byte
	if err != nil {
		err = fail(codeDecoding, "failed to load netconf: %s", err)
	} else {
		output, err = run(getenv, conf, version)
	}
	if err == nil {
		stdout.Write(output)
		return 0
	}
	var result *Error
	if !errors.As(err, &result) {
		result = fail(codeGeneric, "%s", err)
	}
	result.CNIVersion = version
	json.NewEncoder(stdout).Encode(result)
	return 1
}

func run(getenv func(string) string, conf object, version string) ([]byte, error) {
	command := getenv("CNI_COMMAND")
	switch command {
	case "VERSION":
		return json.Marshal(object{"cniVersion": version, "supportedVersions": supportedVersions})
	case "STATUS":
		if _, err := readSubnetEnv(text(conf, "subnetFile", defaultSubnetFile)); err != nil {
			return nil, fail(codeNotAvailable, "%s", err)
		}
		return nil, nil
	case "CHECK", "GC": // nothing of its own to check or to collect
		return nil, nil
	case "ADD", "DEL":
	default:
		return nil, fail(codeInvalidEnvironment, "unknown CNI_COMMAND: %s", command)
	}
	id := getenv("CNI_CONTAINERID")
	if !containerID.MatchString(id) {
		return nil, fail(codeInvalidEnvironment, "CNI_CONTAINERID: invalid characters in %q", id)
	}
	saved := filepath.Join(text(conf, "dataDir", defaultDataDir), id)
	path := getenv("CNI_PATH")
	if command == "ADD" {
		return add(conf, saved, path)
	}
	return nil, del(conf, saved, path)
}

var containerID = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.\-]*$`)

func add(conf object, saved, path string) ([]byte, error) {
	env, err := readSubnetEnv(text(conf, "subnetFile", defaultSubnetFile))
	if err != nil {
		return nil, err
	}
	delegate, err := delegateConf(conf, env)
	if err != nil {
		return nil, err
	}
	content, err := json.Marshal(delegate)
	if err != nil {
		return nil, err
	}
	// Saved first: DEL must find it even when this process dies after the delegate has done its work. Flannel
	// may have been given another subnet by then.
	if err := os.MkdirAll(filepath.Dir(saved), 0o700); err != nil {
		return nil, fail(codeIO, "failed to create the data directory: %s", err)
	}
	if err := os.WriteFile(saved, content, 0o600); err != nil {
		return nil, fail(codeIO, "failed to save the delegate's configuration: %s", err)
	}
	return call("add", text(delegate, "type", ""), path, content)
}

// del undoes what add did; nothing saved means that there is nothing left to undo.
func del(conf object, saved, path string) error {
	content, err := os.ReadFile(saved)
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return fail(codeIO, "%s", err)
	}
	delegate, err := decode(content)
	if err != nil { // half written: add cannot have called the delegate
		return os.Remove(saved)
	}
	for _, key := range []string{"prevResult", "runtimeConfig"} {
		if value, ok := conf[key]; ok {
			delegate[key] = value
		}
	}
	if content, err = json.Marshal(delegate); err != nil {
		return err
	}
	if _, err := call("del", text(delegate, "type", ""), path, content); err != nil {
		return err
	}
	return os.Remove(saved)
}

// delegateConf merges flanneld's subnet into the configuration for the next plugin.
func delegateConf(conf object, env subnetEnv) (object, error) {
	delegate := object{}
	if given, ok := conf["delegate"]; ok && given != nil {
		if delegate, ok = given.(object); !ok {
			return nil, fail(codeInvalidConfig, "'delegate' must be a dictionary")
		}
	}
	for _, key := range []string{"name", "ipam"} {
		if _, ok := delegate[key]; ok {
			return nil, fail(codeInvalidConfig, "'delegate' dictionary must not have '%s' field, it'll be set by flannel", key)
		}
	}
	out := object{"type": "bridge", "ipMasq": !env.ipMasq, "mtu": env.mtu}
	if text(delegate, "type", "bridge") == "bridge" {
		out["isGateway"] = true
	}
	for key, value := range delegate {
		out[key] = value
	}
	out["name"] = text(conf, "name", "")
	for _, key := range []string{"cniVersion", "prevResult", "runtimeConfig"} {
		if value, ok := conf[key]; ok {
			out[key] = value
		}
	}

	ipam := object{"type": "host-local"}
	if given, ok := conf["ipam"].(object); ok {
		for key, value := range given {
			ipam[key] = value
		}
	}
	ranges, routes := []any{}, []any{}
	if given, ok := ipam["routes"].([]any); ok {
		routes = append(routes, given...)
	}
	for _, subnet := range env.subnets {
		ranges = append(ranges, []any{object{"subnet": subnet.String()}})
	}
	for _, network := range env.networks {
		routes = append(routes, object{"dst": network.String()})
	}
	ipam["ranges"], ipam["routes"] = ranges, routes
	out["ipam"] = ipam
	return out, nil
}

// call runs another plugin from CNI_PATH with this process' environment.
func call(command, plugin, path string, conf []byte) ([]byte, error) {
	program := ""
	for _, directory := range filepath.SplitList(path) {
		candidate := filepath.Join(directory, plugin)
		if info, err := os.Stat(candidate); err == nil && info.Mode().IsRegular() {
			program = candidate
			break
		}
	}
	if plugin == "" || strings.Contains(plugin, "/") || program == "" {
		return nil, fail(codeGeneric, "failed to delegate %s: failed to find plugin %q in path %v", command, plugin, filepath.SplitList(path))
	}
	cmd := exec.Command(program)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(conf), os.Stderr
	output, err := cmd.Output()
	if err == nil {
		return output, nil
	}
	var result Error
	if json.Unmarshal(output, &result) != nil || result.Msg == "" {
		return nil, fail(codeGeneric, "failed to delegate %s: netplugin failed: %s: %q", command, err, output)
	}
	result.Msg = fmt.Sprintf("failed to delegate %s: %s", command, result.Msg)
	return nil, &result
}

package flannelcni

// The file by which flanneld tells the plugin about this node's subnet.

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

type subnetEnv struct {
	networks []netip.Prefix // the whole pod network, IPv4 then IPv6
	subnets  []netip.Prefix // this node's part of it
	mtu      int
	ipMasq   bool // whether flanneld masquerades, so that the delegate need not
}

// readSubnetEnv reads KEY=value lines; errors carry the wording that users of Flannel know.
func readSubnetEnv(path string) (subnetEnv, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return subnetEnv{}, fmt.Errorf("loadFlannelSubnetEnv failed: %w", err)
	}
	env, err := parseSubnetEnv(string(content))
	if err != nil {
		return env, fmt.Errorf("loadFlannelSubnetEnv failed: %s: %w", path, err)
	}
	return env, nil
}

func parseSubnetEnv(content string) (subnetEnv, error) {
	values := map[string]string{}
	for line := range strings.Lines(content) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			values[key] = value
		}
	}
	var env subnetEnv
	var err error
	if env.networks, err = prefixes(values, "FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"); err != nil {
		return env, err
	}
	if env.subnets, err = prefixes(values, "FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET"); err != nil {
		return env, err
	}
	var missing []string
	if len(env.networks) == 0 {
		missing = append(missing, "FLANNEL_NETWORK")
	}
	if len(env.subnets) == 0 {
		missing = append(missing, "FLANNEL_SUBNET")
	}
	for _, key := range []string{"FLANNEL_MTU", "FLANNEL_IPMASQ"} {
		if values[key] == "" {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		return env, fmt.Errorf("is missing %s", strings.Join(missing, ", "))
	}
	if env.mtu, err = strconv.Atoi(values["FLANNEL_MTU"]); err != nil || env.mtu <= 0 {
		return env, fmt.Errorf("FLANNEL_MTU: expected a number of bytes, found %q", values["FLANNEL_MTU"])
	}
	env.ipMasq = values["FLANNEL_IPMASQ"] == "true"
	return env, nil
}

// prefixes reads comma separated prefixes; host bits (flanneld writes the gateway's address) are cleared.
func prefixes(values map[string]string, keys ...string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, key := range keys {
		for _, one := range strings.Split(values[key], ",") {
			if one = strings.TrimSpace(one); one == "" {
				continue
			}
			prefix, err := netip.ParsePrefix(one)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			out = append(out, prefix.Masked())
		}
	}
	return out, nil
}

package k3s

// What only a server decides, and how an agent learns it: GET https://<server>:9345/v1-k3s/config answers
// what the server read at *its* start, so that a changed flannel-backend reaches a node at the moment that
// node's agent is restarted after the server was (reference/migration.md §2.5).

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"
)

// ClusterConfig is the server's part of the settings. CIDRs and addresses are kept as given, IPv4 first.
type ClusterConfig struct {
	FlannelBackend       string   `json:"flannel-backend"`
	DisableNetworkPolicy bool     `json:"disable-network-policy"`
	DisableKubeProxy     bool     `json:"disable-kube-proxy"`
	ClusterCIDR          []string `json:"cluster-cidr"`
	ServiceCIDR          []string `json:"service-cidr"`
	ClusterDNS           []string `json:"cluster-dns"`
	ClusterDomain        string   `json:"cluster-domain"`
}

// clusterConfigOf reads a server's settings; defaults are K3s' (docs.k3s.io/cli/server).
func clusterConfigOf(s *Settings) (ClusterConfig, error) {
	config := ClusterConfig{
		FlannelBackend:       s.Text("flannel-backend", "vxlan"),
		DisableNetworkPolicy: s.Flag("disable-network-policy"),
		DisableKubeProxy:     s.Flag("disable-kube-proxy"),
		ClusterCIDR:          orDefault(s.List("cluster-cidr"), "10.42.0.0/16"),
		ServiceCIDR:          orDefault(s.List("service-cidr"), "10.43.0.0/16"),
		ClusterDomain:        s.Text("cluster-domain", "cluster.local"),
		ClusterDNS:           s.List("cluster-dns"),
	}
	for _, name := range []string{"cluster-cidr", "service-cidr"} {
		for _, cidr := range map[string][]string{"cluster-cidr": config.ClusterCIDR, "service-cidr": config.ServiceCIDR}[name] {
			if _, err := netip.ParsePrefix(cidr); err != nil {
				return config, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	if len(config.ClusterDNS) == 0 {
		dns := netip.MustParsePrefix(config.ServiceCIDR[0]).Masked().Addr()
		for range 10 { // K3s: the tenth address of the Service range
			dns = dns.Next()
		}
		config.ClusterDNS = []string{dns.String()}
	}
	return config, nil
}

func orDefault(values []string, fallback string) []string {
	if len(values) == 0 {
		return []string{fallback}
	}
	return values
}

// token is the shared secret: K3s' long form "K10<CA hash>::<user>:<secret>" and the bare secret are the same.
func normalToken(token string) string {
	token = strings.TrimSpace(token)
	if rest, ok := strings.CutPrefix(token, "K10"); ok {
		if _, credentials, found := strings.Cut(rest, "::"); found {
			if _, secret, named := strings.Cut(credentials, ":"); named {
				return secret
			}
			return credentials
		}
	}
	return token
}

// serverToken finds the cluster's secret as K3s does, making one at a first start without any.
func serverToken(l Layout, s *Settings) (string, error) {
	if token, err := configuredToken(s); err != nil || token != "" {
		return token, err
	}
	if content, err := os.ReadFile(l.TokenFile()); err == nil {
		return normalToken(string(content)), nil
	}
	secret := make([]byte, 16)
	rand.Read(secret)
	token := hex.EncodeToString(secret)
	return token, writeFile(l.TokenFile(), []byte(token+"\n"), 0o600)
}

func configuredToken(s *Settings) (string, error) {
	if token := s.Text("token", os.Getenv("K3S_TOKEN")); token != "" {
		return normalToken(token), nil
	}
	if file := s.Text("token-file", os.Getenv("K3S_TOKEN_FILE")); file != "" {
		content, err := os.ReadFile(file)
		return normalToken(string(content)), err
	}
	return "", nil
}

// configHandler answers agents that know the token.
func configHandler(token string, config ClusterConfig) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1-k3s/config", func(w http.ResponseWriter, r *http.Request) {
		given, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(normalToken(given)), []byte(token)) != 1 {
			http.Error(w, "not authorized", http.StatusUnauthorized)
			return
		}
		logf("info", "Handed this server's settings to node %q at %s", r.Header.Get("K3s-Node-Name"), r.RemoteAddr)
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(config)
	})
	return mux
}

// serveConfig opens the supervisor port; the returned error is about opening it.
func serveConfig(l Layout, address, token string, config ClusterConfig) (io.Closer, error) {
	certificate, err := tls.LoadX509KeyPair(l.ServingCert(), l.ServingKey())
	if err != nil {
		return nil, fmt.Errorf("certificate of the supervisor port: %w", err)
	}
	listener, err := tls.Listen("tcp", address, &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, fmt.Errorf("supervisor port: %w", err)
	}
	server := &http.Server{Handler: configHandler(token, config), ReadHeaderTimeout: 5 * time.Second}
	go server.Serve(listener)
	return server, nil
}

// serverHost is the host of the `server:` setting.
func serverHost(s *Settings) (string, error) {
	raw := s.Text("server", os.Getenv("K3S_URL"))
	if raw == "" {
		return "", fmt.Errorf("--server is required: an agent needs `server: https://<address>:6443` in its configuration")
	}
	parsed, err := url.Parse(raw)
	if err != nil || parsed.Scheme != "https" || parsed.Hostname() == "" {
		return "", fmt.Errorf("server: expected a URL such as https://192.168.77.11:6443, found %q", raw)
	}
	return parsed.Hostname(), nil
}

// fetchConfig asks the server until it answers or ctx ends. A refusal (401) is retried as well: a server
// that is being set up may not know the token yet; each new kind of failure is logged once.
func fetchConfig(ctx context.Context, caFile, host, port, token, nodeName string) (ClusterConfig, error) {
	var config ClusterConfig
	last := ""
	for {
		err := fetchConfigOnce(ctx, caFile, net.JoinHostPort(host, port), token, nodeName, &config)
		if err == nil {
			return config, nil
		}
		if ctx.Err() != nil {
			return config, ctx.Err()
		}
		if message := err.Error(); message != last {
			logf("info", "Waiting to retrieve agent configuration; server is not ready: %s", message)
			last = message
		}
		select {
		case <-ctx.Done():
			return config, ctx.Err()
		case <-time.After(250 * time.Millisecond):
		}
	}
}

func fetchConfigOnce(ctx context.Context, caFile, address, token, nodeName string, into *ClusterConfig) error {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return fmt.Errorf("%s: holds no certificate", caFile)
	}
	// A transport of its own per try: the machine's network may have changed since the last one.
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	client := &http.Client{Transport: transport, Timeout: 3 * time.Second}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/v1-k3s/config", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("K3s-Node-Name", nodeName)
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", address, response.Status)
	}
	return json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(into)
}

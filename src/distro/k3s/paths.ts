/** Where K3s keeps things (docs.k3s.io; pkg/agent/config, pkg/agent/flannel, pkg/agent/templates). */

export const configFile = '/etc/rancher/k3s/config.yaml';
export const configDir = '/etc/rancher/k3s/config.yaml.d';
export const dataDir = '/var/lib/rancher/k3s';
/** CNI confs while the built-in Flannel is on. */
export const builtInConfDir = `${dataDir}/agent/etc/cni/net.d`;
export const containerdConfig = `${dataDir}/agent/etc/containerd/config.toml`;
export const flannelNetConf = `${dataDir}/agent/etc/flannel/net-conf.json`;
export const etcdDir = `${dataDir}/server/db/etcd`;
export const snapshotDir = `${dataDir}/server/db/snapshots`;
export const sqliteFile = `${dataDir}/server/db/state.db`;
/** Units as install.sh names them. */
export const units = { server: 'k3s', agent: 'k3s-agent' } as const;
export const unitFile = (service: string): string => `/etc/systemd/system/${service}.service`;

/** Profile `kubeadm`: kubeadm's directories, every component a service of its own, Flannel as a DaemonSet. */
import type { NodeDisk, NodeFile } from '../nodes/node.ts';
import type { LabNode, LabState } from '../state.ts';
import { componentTable, fill, type Component } from './components.ts';
import { layouts } from './layout.ts';
import type { ClusterPki } from './pki.ts';
import { containerdConfig } from './runtime-config.ts';
import { apiServerUrl, commonDisk, nodeSettings } from './settings.ts';

function unit(component: Component, state: LabState, node: LabNode): NodeFile {
  const settings = nodeSettings(state, node);
  const environment = Object.entries(component.env ?? {}).map(([name, value]) => `Environment=${name}=${fill(value, settings)}\n`);
  return {
    path: `/etc/systemd/system/${component.name}.service`,
    content: `[Unit]
Description=${component.name}

[Service]
${environment.join('')}ExecStart=${component.argv.map((arg) => fill(arg, settings)).join(' ')}
KillMode=process
Restart=always
RestartSec=1s

[Install]
WantedBy=multi-user.target
`,
  };
}

/** The disk of one node of this profile. kubeadm runs its control plane as static pods; here they are services, which no CNI can tell apart. */
export async function kubeadmDisk(state: LabState, node: LabNode, pki: ClusterPki, programs: Record<string, string>): Promise<NodeDisk> {
  const at = layouts.kubeadm;
  const common = await commonDisk(state, node, pki);
  const own = componentTable(at, '/etc/containerd/config.toml', apiServerUrl(state)).filter((component) => component.onlyWhen !== 'flannel' && (component.role === 'node' || node.role === 'server'));
  const plugins = ['bridge', 'host-local', 'loopback', 'portmap', 'bandwidth'];
  return {
    ...common,
    files: [...common.files, { path: '/etc/containerd/config.toml', content: containerdConfig(at) }, ...own.map((component) => unit(component, state, node))],
    copies: Object.fromEntries(plugins.map((plugin) => [`/opt/cni/bin/${plugin}`, programs[plugin] ?? plugin])),
    links: { ...common.links, ...Object.fromEntries(own.map(({ name }) => [`/etc/systemd/system/multi-user.target.wants/${name}.service`, `/etc/systemd/system/${name}.service`])) },
  };
}

/** Recognises a host of a kubeadm cluster. */
import type { NodeShell } from '../../node/shell.ts';
import type { Host } from '../distribution.ts';
import { existing } from '../service.ts';
import { adminConf, containerdConfig, kubeletConf, service } from './paths.ts';

/** A control-plane node or worker, by kubeadm's kubeconfig files; undefined for other hosts. */
export async function inspectHost(shell: NodeShell): Promise<Host | undefined> {
  const found = await existing(shell, [kubeletConf, adminConf]);
  if (!found.has(kubeletConf)) return undefined;
  return { node: shell.node, distribution: 'kubeadm', role: found.has(adminConf) ? 'server' : 'agent', service, containerdConfigs: [containerdConfig] };
}

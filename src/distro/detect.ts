/** Finds which distribution a host belongs to. */
import { EnvironmentError } from '../core/errors.ts';
import type { NodeShell } from '../node/shell.ts';
import type { Distribution, Host } from './distribution.ts';
import { k3s } from './k3s/distribution.ts';
import { kubeadm } from './kubeadm/distribution.ts';

/** Known distributions, the more specific first. */
export const distributions: readonly Distribution[] = [k3s, kubeadm];

/** The distribution of a host. Errors: EnvironmentError when it is none that is known. */
export async function detectHost(shell: NodeShell): Promise<{ distribution: Distribution; host: Host }> {
  for (const distribution of distributions) {
    const host = await distribution.inspectHost(shell);
    if (host !== undefined) return { distribution, host };
  }
  throw new EnvironmentError(`node ${shell.node} is neither a K3s nor a kubeadm node: it has none of their services and configuration files.`);
}

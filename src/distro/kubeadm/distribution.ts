/** kubeadm: brings no CNI of its own. */
import { defaultCniDirs, readCniDirs } from '../../node/facts/containerd-config.ts';
import type { Distribution } from '../distribution.ts';
import { inspectHost } from './host.ts';
import { snapshotDatastore } from './snapshot.ts';

export const kubeadm: Distribution = {
  name: 'kubeadm',
  inspectHost,
  cniDirs: async (shell, host) => await readCniDirs(shell, host.containerdConfigs),
  cniDirsWhenOff: defaultCniDirs,
  cniOffChange: async () => await Promise.resolve(undefined),
  cniPaths: [],
  snapshotDatastore,
};

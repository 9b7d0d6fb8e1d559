/** K3s. */
import { defaultCniDirs, readCniDirs } from '../../node/facts/containerd-config.ts';
import type { Distribution } from '../distribution.ts';
import { cniOffChange } from './cni.ts';
import { inspectHost } from './host.ts';
import { flannelNetConf, builtInConfDir } from './paths.ts';
import { policyController } from './policy-controller.ts';
import { readSettings } from './settings.ts';
import { snapshotDatastore } from './snapshot.ts';

export const k3s: Distribution = {
  name: 'k3s',
  inspectHost,
  settings: async (shell, host) => await readSettings(shell, host.service),
  cniDirs: async (shell, host) => await readCniDirs(shell, host.containerdConfigs),
  // Without a built-in CNI, K3s writes no CNI section, so containerd's defaults hold.
  cniDirsWhenOff: defaultCniDirs,
  cniOffChange,
  policyController,
  cniPaths: [`${builtInConfDir}/10-flannel.conflist`, flannelNetConf],
  snapshotDatastore,
};

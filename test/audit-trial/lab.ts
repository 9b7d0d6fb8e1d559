/** A lab for the trial: brought up and prepared, changed and changed back, audited by the command line. */
import type { Finding, Unknown } from '../../src/core/finding.ts';
import { SHOP } from '../../src/lab/images/other-images.ts';
import { labShell } from '../../src/lab/nodes/shell.ts';
import { runOrThrow } from '../../src/node/shell.ts';
import type { LabKind } from './fault.ts';
import { serverArgs, USUAL_ARGS } from './faults/names-and-services.ts';
import { COMMAND_MS, LivingLab } from './living-lab.ts';
import { ALIASES, clusterObject, DEFINITIONS, TRIAL } from './objects.ts';

export interface Audit { findings: Finding[]; unknown: Unknown[] }

export class TrialLab extends LivingLab {
  /** Starts the cluster, from nothing, and prepares it. */
  async up(kind: LabKind): Promise<void> {
    await this.down();
    await this.tool(['lab', 'up', '--name', this.name, '--cni', kind, '--apps'], 3_600_000);
    await this.readNodes();
    for (const object of DEFINITIONS) await this.change({ apply: [object] });
    for (const { metadata } of DEFINITIONS) await this.kubectl(['wait', '--for=condition=Established', '--timeout=60s', `crd/${metadata.name}`]);
    for (const namespace of [TRIAL, 'metallb-system']) await this.change({ apply: [clusterObject('v1', 'Namespace', namespace)] });
    // What a real K3s writes to its server's Node; the stand-in does not.
    const [server = ''] = Object.values(this.nodes).map(({ name }) => name);
    await this.patch({ kind: 'node', name: server }, serverArgs(USUAL_ARGS));
    for (const { name } of Object.values(this.nodes)) for (const alias of ALIASES) await runOrThrow(labShell(this.name, name), ['k3s', 'ctr', 'images', 'tag', '--force', SHOP, alias], { timeoutMs: COMMAND_MS });
    // Flannel enforces none of the shop's policies, which is a finding of its own; one fault brings it back.
    if (kind === 'flannel') await this.kubectl(['delete', 'networkpolicy', '--all', '-n', 'shop']);
    else await this.patch({ kind: 'daemonset', name: 'calico-node', namespace: 'kube-system' }, { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } } });
  }

  /** `fairlead audit --via lab:…`, as a user calls it. */
  async audit(): Promise<Audit> {
    return JSON.parse(await this.tool(['audit', '--via', `lab:${this.name}`, '--output', 'json', '--fail-on', 'none'], COMMAND_MS)) as Audit;
  }
}

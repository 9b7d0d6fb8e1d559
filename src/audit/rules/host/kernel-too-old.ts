/** FL-HOST-011. */
import { ciliumAgent, node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

/** Cilium's system requirements: 5.4, or 4.18 of RHEL 8.6. */
const CILIUM: readonly [number, number] = [5, 4];
/** kube-proxy in nftables mode (kubernetes.io, kernel version requirements). */
const NFTABLES: readonly [number, number] = [5, 13];

function older(release: string, [major, minor]: readonly [number, number]): boolean {
  const match = /^(\d+)\.(\d+)/.exec(release);
  if (match === null || /^4\.18\..*el8/.test(release)) return false;
  const [a, b] = [Number(match[1]), Number(match[2])];
  return a < major || (a === major && b < minor);
}

export const kernelTooOld: Rule = {
  id: 'FL-HOST-011',
  title: "A node's kernel is too old for what it should run",
  severity: 'error',
  faults: ['H11'],
  looksAt: "nodeInfo.kernelVersion against what Cilium (5.4, RHEL 8.6's 4.18) and kube-proxy's nftables mode (5.13) need.",
  why: 'The agent stops at its start, or loads programs without the features that are configured.',
  fix: [{ what: 'Update the kernel of these nodes first.' }],
  refs: ['docs.cilium.io system_requirements', 'kubernetes.io kernel-version-requirements'],
  check(view) {
    const needs = [
      ...(view.picture.cnis.some(({ name, how }) => name === 'cilium' && how !== 'trace') ? [{ who: 'Cilium', version: CILIUM }] : []),
      ...(view.picture.serviceProxy?.value === 'nftables' ? [{ who: "kube-proxy's nftables mode", version: NFTABLES }] : []),
    ];
    if (needs.length === 0) return { skip: 'nothing here needs a newer kernel than Kubernetes itself' };
    return needs.flatMap(({ who, version }) => view.nodes.filter((one) => older(one.status?.nodeInfo?.kernelVersion ?? '', version)).map((one) => ({
      subjects: [subjectOf(one)], summary: `node ${one.metadata.name} has kernel ${one.status?.nodeInfo?.kernelVersion ?? ''}, and ${who} needs ${version.join('.')}`, evidence: [view.seen(one, 'status.nodeInfo.kernelVersion', one.status?.nodeInfo?.kernelVersion)],
    })));
  },
  bad: [node('n1', { status: { nodeInfo: { kubeletVersion: 'v1.33.4', kernelVersion: '4.15.0-213-generic' } } }), ciliumAgent()],
  good: [node('n1', { status: { nodeInfo: { kubeletVersion: 'v1.33.4', kernelVersion: '5.15.0-100-generic' } } }), ciliumAgent()],
};

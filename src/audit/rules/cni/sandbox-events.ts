/** FL-CNI-015. */
import type { EventObject } from '../../../cluster/snapshot/typed.ts';
import { object } from '../../examples.ts';
import type { Rule } from '../../rule.ts';

/** What the message says, and what that means. The first that matches counts. */
const MEANINGS: readonly { pattern: RegExp; what: string; fix: string; faults: string }[] = [
  { pattern: /dial unix \/var\/run\/cilium\/cilium\.sock/, what: 'the configuration calls Cilium, and no agent answers on the node', fix: 'If Cilium was removed: remove 05-cilium.conflist and put *.cilium_bak back. If not: see why the agent does not run.', faults: 'N2' },
  { pattern: /stat \/var\/lib\/calico\/nodename/, what: 'the configuration calls Calico, and calico-node has not run on the node', fix: 'If Calico was removed: remove 10-calico.conflist. If not: see why calico-node does not run.', faults: 'N2' },
  { pattern: /no IP addresses available in range set|pools are likely exhausted/, what: 'there is no address left', fix: 'See FL-IPAM-003 and FL-IPAM-004.', faults: 'I1' },
  { pattern: /failed to find plugin/, what: 'a plugin is not installed', fix: 'See FL-CNI-004.', faults: 'N3' },
  { pattern: /already exists for an interface other than/, what: "a route to the pod's address leads to another device", fix: 'Remove the stale device or route on the node, and look for addresses that are given twice (calicoctl ipam check).', faults: 'A10' },
  { pattern: /already has an IP address different from/, what: 'cni0 has the address of another range', fix: 'Remove cni0 on the node; it is made anew.', faults: 'L1' },
  { pattern: /cni plugin not initialized|cni config uninitialized/i, what: 'containerd finds no CNI configuration', fix: 'See FL-CNI-003.', faults: 'N3' },
];

export const sandboxEvents: Rule = {
  id: 'FL-CNI-015',
  title: 'Pods get no network, and events say why',
  severity: 'error',
  faults: ['N2', 'A10', 'L1', 'N3', 'I1'],
  looksAt: 'Events FailedCreatePodSandBox and NetworkNotReady whose message is a known one, about pods that have no address; where the input has pods, those that are gone do not count.',
  why: 'The pods stay in ContainerCreating.',
  fix: [],
  refs: ['cilium#27715', 'calico#1795', 'k3s#5885', 'cni-plugin: dataplane_linux.go'],
  check(view) {
    const nameOf = ({ namespace = 'default', name = '' }: { namespace?: string; name?: string }): string => `${namespace}/${name}`;
    // A new node's first pods start before its CNI does, and nobody takes their events back.
    const waiting = new Set(view.pods.filter(({ status }) => status?.podIP === undefined).map(({ metadata }) => nameOf(metadata)));
    const lasts = (about: EventObject['involvedObject']): boolean => about?.kind !== 'Pod' || view.pods.length === 0 || waiting.has(nameOf(about));
    const events = view.index.objects<EventObject>('Event').filter(({ reason, involvedObject }) => (reason === 'FailedCreatePodSandBox' || reason === 'NetworkNotReady') && lasts(involvedObject));
    const known = events.flatMap((event) => { const meaning = MEANINGS.find(({ pattern }) => pattern.test(event.message ?? '')); return meaning === undefined ? [] : [{ event, meaning }]; });
    return [...Map.groupBy(known, ({ meaning }) => meaning)].map(([meaning, all]) => ({
      subjects: [...new Set(all.map(({ event: { involvedObject: about } }) => `${about?.kind ?? 'Pod'} ${about?.namespace ?? ''}/${about?.name ?? ''}`))],
      summary: `${all.length} event${all.length === 1 ? '' : 's'}: ${meaning.what}`,
      evidence: all.slice(0, 2).map(({ event }) => view.seen(event, 'message', event.message)),
      fix: [{ what: meaning.fix }],
    }));
  },
  bad: [
    object('v1', 'Event', 'e', { reason: 'FailedCreatePodSandBox', message: 'Failed to create pod sandbox: plugin type="cilium-cni" failed (add): unable to connect to Cilium daemon: dial unix /var/run/cilium/cilium.sock: connect: no such file or directory', involvedObject: { kind: 'Pod', namespace: 'app', name: 'a' } }),
    object('v1', 'Pod', 'a', { metadata: { name: 'a', namespace: 'app' }, spec: { nodeName: 'n1' }, status: { phase: 'Pending' } }),
  ],
  good: [
    object('v1', 'Event', 'e', { reason: 'FailedCreatePodSandBox', message: 'Failed to create pod sandbox: context deadline exceeded', involvedObject: { kind: 'Pod', namespace: 'app', name: 'a' } }),
    object('v1', 'Event', 'f', { reason: 'FailedCreatePodSandBox', message: 'Failed to create pod sandbox: stat /var/lib/calico/nodename: no such file or directory', involvedObject: { kind: 'Pod', namespace: 'app', name: 'b' } }),
    object('v1', 'Pod', 'b', { metadata: { name: 'b', namespace: 'app' }, spec: { nodeName: 'n1' }, status: { phase: 'Running', podIP: '10.42.0.2' } }),
  ],
};

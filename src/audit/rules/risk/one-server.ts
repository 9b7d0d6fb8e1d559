/** FL-RISK-008. */
import { node } from '../../examples.ts';
import type { Rule } from '../../rule.ts';
import { subjectOf } from '../../view.ts';

const LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

export const oneServer: Rule = {
  id: 'FL-RISK-008',
  title: 'The cluster has one control-plane node',
  severity: 'info',
  faults: [],
  looksAt: 'Nodes with the label of the control plane; for K3s, servers by their arguments.',
  why: 'While that node restarts its service, the API server is away: nothing is scheduled or repaired, and webhooks and operators of the whole cluster stand still. Traffic of pods goes on.',
  fix: [{ what: 'Plan its turn for a quiet hour; a backup of the datastore first.' }],
  refs: ['migration hazards H19 and H31'],
  check(view) {
    if (view.nodes.length === 0) return { unknown: 'nodes are not in the snapshot' };
    const servers = view.nodes.filter(({ metadata }) => LABELS.some((label) => metadata.labels?.[label] !== undefined) || view.picture.k3s.some(({ node: name, role }) => name === metadata.name && role === 'server'));
    const [only] = servers;
    return servers.length === 1 && only !== undefined ? [{
      subjects: [subjectOf(only)],
      summary: `node ${only.metadata.name} is the only one of ${view.nodes.length} with a control plane`,
      evidence: [view.seen(only, 'metadata.labels', LABELS.filter((label) => only.metadata.labels?.[label] !== undefined).join(', ') || 'K3s server')],
    }] : [];
  },
  bad: [node('n1', { args: [] }), node('n2', { args: [], role: 'agent', address: '192.168.10.12' })],
  good: [node('n1', { args: [] }), node('n2', { args: [], address: '192.168.10.12' }), node('n3', { args: [], address: '192.168.10.13' })],
};

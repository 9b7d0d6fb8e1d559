/** What is known of the distribution's own NetworkPolicy controller, and whether its work can be handed over. */
import { EnvironmentError } from '../../../core/errors.ts';
import { findPrograms } from '../../../node/facts/programs.ts';
import type { NodeShell } from '../../../node/shell.ts';
import type { Precondition } from '../../types.ts';
import type { TakeoverFacts } from './facts.ts';
import type { NodeView } from './read-facts.ts';

export interface PolicyControllerView {
  name: string;
  /** Servers whose settings let it run, and those whose settings do not. */
  on: string[];
  off: string[];
  /** Why it cannot be switched off or its rules not be removed, in sentences. */
  problems: string[];
  /** Nodes with rules of it in their kernel. */
  rulesOn: string[];
}

/** Looks at every node; undefined when the distribution brings no such controller. Changes nothing. */
export async function surveyPolicyController(nodes: readonly Pick<NodeView, 'object' | 'host' | 'distribution'>[], shell: (node: string) => NodeShell): Promise<PolicyControllerView | undefined> {
  const controller = nodes[0]?.distribution.policyController;
  if (controller === undefined) return undefined;
  const view: PolicyControllerView = { name: controller.name, on: [], off: [], problems: [], rulesOn: [] };
  for (const { object: { metadata: { name } }, host } of nodes) {
    const one = shell(name);
    if ((await controller.describeRules(one)).length > 0) {
      view.rulesOn.push(name);
      if (!(await findPrograms(one, ['ipset'])).has('ipset')) view.problems.push(`node ${name} has no program ipset, without which the controller's address sets cannot be removed. Install it.`);
    }
    if (host.role !== 'server') continue;
    const on = await controller.isOn(one, host);
    (on ? view.on : view.off).push(name);
    if (on) await controller.offChange(one, host).catch((error: unknown) => void view.problems.push(reason(error)));
  }
  return view;
}

/** What stands in the way, in the words of the one who found it; other errors are not ours to judge. */
function reason(error: unknown): string {
  if (error instanceof EnvironmentError) return [error.message, error.hint].join(' ');
  throw error;
}

/** Judges the view: pure. `nodes` are the names of all nodes. */
export function policyControllerCheck(view: PolicyControllerView | undefined, nodes: readonly string[]): Precondition {
  const about = { id: 'policy-controller', title: "The work of the distribution's own NetworkPolicy controller can be handed over" };
  const expected = 'off everywhere, or on everywhere with its rules on every node';
  if (view === undefined) return { ...about, verdict: 'pass', expected, observed: 'this distribution has none' };
  const { name, on, off, problems, rulesOn } = view;
  if (on.length > 0 && off.length > 0) {
    return { ...about, verdict: 'fail', expected, observed: `${name} is on on ${on.join(', ')} and off on ${off.join(', ')}`, fix: 'let all servers say the same of disable-network-policy and restart them: agents are told by whichever server answers' };
  }
  if (problems.length > 0) return { ...about, verdict: 'fail', expected, observed: problems.join('; '), fix: 'it must be possible to switch it off, and to remove its rules, once the new CNI enforces policies everywhere' };
  if (on.length === 0) {
    const frozen = rulesOn.length === 0 ? '' : `; its last rules are still in the kernel of ${rulesOn.join(', ')} and are removed in the end`;
    return { ...about, verdict: 'pass', expected, observed: `${name} is off${frozen}` };
  }
  const without = nodes.filter((node) => !rulesOn.includes(node));
  if (without.length > 0) {
    return { ...about, verdict: 'fail', expected, observed: `${name} should run, but there is no rule of it on ${without.join(', ')}`, fix: 'see why with journalctl -u k3s (-u k3s-agent) on those nodes; where it is not wanted, set disable-network-policy: true on every server and restart all nodes' };
  }
  return { ...about, verdict: 'pass', expected, observed: `${name} enforces policies on every node, and goes on until the new CNI does so everywhere` };
}

/** Reduces a view that holds to what the plan is made from. */
export function policyFacts(view: PolicyControllerView | undefined): TakeoverFacts['policyController'] {
  return view === undefined ? undefined : { name: view.name, runs: view.on.length > 0, rulesOn: view.rulesOn.toSorted() };
}

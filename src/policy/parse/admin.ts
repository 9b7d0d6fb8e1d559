/** AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy: validated, in the order in which they are asked. */
import type { LoadedObject } from '../input/object.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import type { Direction, PolicyRef, Rule, Stage } from '../model/rules.ts';
import { adminPeer, adminPorts, adminSubject } from './admin-peers.ts';
import { Checker, type Issue } from './checker.ts';

export interface AdminPolicy {
  policy: PolicyRef;
  tier: 'Admin' | 'Baseline';
  priority: number;
  rules: Rule[];
  issues: Issue[];
}

const PEERS = { ingress: 'from', egress: 'to' } as const;
/** MaxItems of rules: 100 in v1alpha1, 25 in v1alpha2. */
const MOST = { 1: 100, 2: 25 } as const;

interface Kind {
  version: 1 | 2;
  baseline: boolean;
  actions: readonly string[];
}

const KINDS: Readonly<Record<string, Kind>> = {
  AdminNetworkPolicy: { version: 1, baseline: false, actions: ['Allow', 'Deny', 'Pass'] },
  BaselineAdminNetworkPolicy: { version: 1, baseline: true, actions: ['Allow', 'Deny'] },
  ClusterNetworkPolicy: { version: 2, baseline: false, actions: ['Accept', 'Deny', 'Pass'] },
};

export const isAdminKind = (kind: string): boolean => KINDS[kind] !== undefined;

const ACTION: Readonly<Record<string, Rule['action']>> = { Allow: 'allow', Accept: 'allow', Deny: 'deny', Pass: 'pass' };

function priorityOf(check: Checker, value: unknown): number {
  const path = ['spec', 'priority'];
  if (value === undefined || value === null) return check.required(path) ?? 0;
  const priority = check.int(value, path) ?? 0;
  if (priority < 0) check.invalid(path, priority, 'should be greater than or equal to 0');
  if (priority > 1_000) check.invalid(path, priority, 'should be less than or equal to 1000');
  return priority;
}

/** Parses one policy. */
export function parseAdmin(object: LoadedObject): AdminPolicy {
  const check = new Checker();
  const kind = KINDS[object.kind]!;
  const policy: PolicyRef = { apiVersion: object.apiVersion, kind: object.kind, id: object.name, origin: object.origin };
  const spec = check.map(object.body['spec'], ['spec'], ['subject', 'ingress', 'egress', ...(kind.baseline ? [] : ['priority']), ...(kind.version === 2 ? ['tier'] : [])]) ?? {};
  if (kind.baseline && object.name !== 'default') check.invalid(['metadata', 'name'], object.name, 'Only one baseline admin network policy with metadata.name="default" can be created in the cluster');
  const tier = kind.version === 2 ? check.text(spec['tier'], ['spec', 'tier']) : kind.baseline ? 'Baseline' : 'Admin';
  if (tier !== 'Admin' && tier !== 'Baseline') check.unsupported(['spec', 'tier'], tier ?? '', ['Admin', 'Baseline']);
  const priority = kind.baseline ? 0 : priorityOf(check, spec['priority']);
  const subject = adminSubject(check, spec['subject'], ['spec', 'subject']);
  const rules = (['ingress', 'egress'] as const).flatMap((direction) => {
    const listed = check.list(spec[direction], ['spec', direction]) ?? [];
    if (listed.length > MOST[kind.version]) check.invalid(['spec', direction], listed.length, `must have at most ${MOST[kind.version]} items`);
    return listed.flatMap((value, index) => rulesOf(check, value, ['spec', direction, index], direction, kind).map((rule) => ({ ...rule, policy, subject })));
  });
  return { policy, tier: tier === 'Baseline' ? 'Baseline' : 'Admin', priority, rules: check.refused ? [] : rules, issues: check.issues };
}

/** One rule per peer: they share the action, so that their order means nothing. */
function rulesOf(check: Checker, value: unknown, path: Path, direction: Direction, kind: Kind): Omit<Rule, 'policy' | 'subject'>[] {
  const key = PEERS[direction];
  const rule = check.map(value, path, ['name', 'action', key, kind.version === 1 ? 'ports' : 'protocols']) ?? {};
  const action = check.text(rule['action'], [...path, 'action']) ?? '';
  if (!kind.actions.includes(action)) check.unsupported([...path, 'action'], action, kind.actions);
  const ports = adminPorts(check, rule, path, kind.version);
  const peers = check.list(rule[key], [...path, key]) ?? [];
  if (peers.length === 0) check.invalid([...path, key], peers, 'should have at least 1 items');
  return peers.map((one, index) => {
    const { match, condition } = adminPeer(check, one, [...path, key, index], direction === 'egress');
    return { path: [...path, key, index], direction, peer: match, ports, action: ACTION[action] ?? 'deny', ...(condition === undefined ? {} : { condition }) };
  });
}

/** Policies of one priority whose rules could contradict each other: which is asked first is not defined. */
function rivals(policies: readonly AdminPolicy[]): Map<AdminPolicy, string> {
  const found = new Map<AdminPolicy, string>();
  for (const [priority, members] of Map.groupBy(policies, (one) => one.priority)) {
    if (members.length < 2 || new Set(members.flatMap((one) => one.rules.map((rule) => rule.action))).size < 2) continue;
    for (const one of members) found.set(one, `which of the policies with priority ${priority} is asked first: ${members.map((member) => member.policy.id).join(', ')}`);
  }
  return found;
}

/** The stage of one tier: by priority, lower first, then in the order of the rules; what no rule matches goes on. */
export function adminStage(tier: AdminPolicy['tier'], policies: readonly AdminPolicy[]): Stage[] {
  const members = policies.filter((one) => one.tier === tier && one.rules.length > 0).toSorted((a, b) => a.priority - b.priority || (a.policy.id < b.policy.id ? -1 : 1));
  if (members.length === 0) return [];
  const unclear = rivals(members);
  const rules = members.flatMap((one) => one.rules.map((rule) => {
    const conditions = [rule.condition, unclear.get(one)].filter((condition) => condition !== undefined);
    return conditions.length === 0 ? rule : { ...rule, condition: conditions.join('; ') };
  }));
  return [{ name: `${tier} tier`, rules, isolations: [], unordered: false }];
}

/** Calico's policies judged naively, rule by rule, from generated objects. For tests. */
import { inCidr, oracleSide, type TestEnd, type TestPod, type TestWorld } from './kubernetes-oracle.ts';

/** A selector before it is written down in Calico's language. */
export type Expr =
  | { t: 'all' }
  | { t: 'has'; key: string }
  | { t: 'eq' | 'ne' | 'contains' | 'starts' | 'ends'; key: string; value: string }
  | { t: 'in' | 'notin'; key: string; values: string[] }
  | { t: 'and' | 'or'; of: Expr[] }
  | { t: 'not'; of: Expr };

export interface CalicoEntity {
  selector?: Expr;
  notSelector?: Expr;
  namespaceSelector?: Expr | 'global';
  serviceAccounts?: { names?: string[]; selector?: Expr };
  nets?: string[];
  notNets?: string[];
  ports?: (number | string)[];
  notPorts?: (number | string)[];
}

export interface CalicoRule {
  action: 'Allow' | 'Deny' | 'Pass' | 'Log';
  protocol?: string;
  notProtocol?: string;
  source?: CalicoEntity;
  destination?: CalicoEntity;
}

export interface CalicoTestPolicy {
  /** Undefined for a global one. */
  namespace: string | undefined;
  name: string;
  tier: string | undefined;
  order: number | undefined;
  selector: Expr | undefined;
  namespaceSelector: Expr | undefined;
  serviceAccountSelector: Expr | undefined;
  types: ('Ingress' | 'Egress')[] | undefined;
  ingress: CalicoRule[];
  egress: CalicoRule[];
}

export interface CalicoTestSet {
  namespace: string | undefined;
  name: string;
  labels: Record<string, string>;
  nets: string[];
}

export interface CalicoWorld extends TestWorld {
  tiers: { name: string; order: number | undefined; defaultAction: 'Deny' | 'Pass' | undefined }[];
  calico: CalicoTestPolicy[];
  sets: CalicoTestSet[];
  /** Service account by pod, and the labels of accounts by `NAMESPACE/NAME`. */
  accounts: Record<string, Record<string, string>>;
}

export const accountOf = (pod: TestPod): string => (pod.labels['a'] === 'x' ? 'robot' : 'default');

export function holds(expr: Expr, labels: Record<string, string>): boolean {
  switch (expr.t) {
    case 'all': return true;
    case 'has': return labels[expr.key] !== undefined;
    case 'eq': return labels[expr.key] === expr.value;
    case 'ne': return labels[expr.key] !== expr.value;
    case 'in': return expr.values.includes(labels[expr.key] ?? '(none)');
    case 'notin': return !expr.values.includes(labels[expr.key] ?? '(none)');
    case 'contains': return (labels[expr.key] ?? '').includes(expr.value) && labels[expr.key] !== undefined;
    case 'starts': return labels[expr.key]?.startsWith(expr.value) ?? false;
    case 'ends': return labels[expr.key]?.endsWith(expr.value) ?? false;
    case 'and': return expr.of.every((one) => holds(one, labels));
    case 'or': return expr.of.some((one) => holds(one, labels));
    case 'not': return !holds(expr.of, labels);
  }
}

const addressesOf = (end: TestEnd): string[] => (typeof end === 'string' ? [end] : end.addresses);

/** The labels that a selector of endpoints sees. */
function seenLabels(pod: TestPod, world: CalicoWorld): Record<string, string> {
  const prefixed = (prefix: string, labels: Record<string, string>): Record<string, string> => Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${prefix}${key}`, value]));
  return {
    ...pod.labels, ...prefixed('pcns.', world.namespaces[pod.namespace] ?? {}), ...prefixed('pcsa.', world.accounts[`${pod.namespace}/${accountOf(pod)}`] ?? {}),
    'projectcalico.org/namespace': pod.namespace, 'projectcalico.org/orchestrator': 'k8s', 'projectcalico.org/serviceaccount': accountOf(pod),
  };
}

/** Whether an end is among the endpoints and network sets that a selector selects, within a namespace scope. */
function isSelected(end: TestEnd, selector: Expr, accounts: CalicoEntity['serviceAccounts'], scope: { own: string } | { selector: Expr | 'global' } | undefined, world: CalicoWorld): boolean {
  const inScope = (namespace: string | undefined): boolean => {
    if (scope === undefined) return true;
    if ('own' in scope) return namespace === scope.own;
    if (scope.selector === 'global') return namespace === undefined;
    return namespace !== undefined && holds(scope.selector, { ...world.namespaces[namespace], 'projectcalico.org/name': namespace });
  };
  if (typeof end !== 'string' && inScope(end.namespace) && holds(selector, seenLabels(end, world))) {
    const named = accounts?.names === undefined || accounts.names.length === 0 || accounts.names.includes(accountOf(end));
    const labelled = accounts?.selector === undefined || holds(accounts.selector, { ...world.accounts[`${end.namespace}/${accountOf(end)}`], 'projectcalico.org/name': accountOf(end) });
    if (named && labelled) return true;
  }
  const needsAccount = accounts !== undefined && ((accounts.names ?? []).length > 0 || accounts.selector !== undefined);
  return !needsAccount && world.sets.some((set) => {
    const labels = { ...set.labels, ...Object.fromEntries(Object.entries(set.namespace === undefined ? {} : world.namespaces[set.namespace] ?? {}).map(([key, value]) => [`pcns.${key}`, value])) };
    return inScope(set.namespace) && holds(selector, labels) && addressesOf(end).some((one) => set.nets.some((net) => inCidr(one, net)));
  });
}

function entityMatches(entity: CalicoEntity | undefined, end: TestEnd, namespace: string | undefined, world: CalicoWorld): boolean {
  if (entity === undefined) return true;
  const { selector, notSelector, namespaceSelector, serviceAccounts, nets, notNets } = entity;
  const needsAccount = serviceAccounts !== undefined && ((serviceAccounts.names ?? []).length > 0 || serviceAccounts.selector !== undefined);
  const scope = namespaceSelector !== undefined ? { selector: namespaceSelector } : namespace === undefined ? undefined : { own: namespace };
  if (selector !== undefined || namespaceSelector !== undefined || needsAccount || (notSelector !== undefined && namespace !== undefined)) {
    if (!isSelected(end, selector ?? { t: 'all' }, serviceAccounts, scope, world)) return false;
  }
  if (notSelector !== undefined && isSelected(end, notSelector, undefined, undefined, world)) return false;
  if (nets !== undefined && nets.length > 0 && !addressesOf(end).some((one) => nets.some((net) => inCidr(one, net)))) return false;
  return !(notNets !== undefined && addressesOf(end).some((one) => notNets.some((net) => inCidr(one, net))));
}

function portListed(ports: (number | string)[], destination: TestEnd, protocol: string, port: number): boolean {
  return ports.some((one) => {
    if (typeof one === 'number') return one === port;
    const range = one.split(':').map(Number);
    if (range.length === 2) return (range[0] ?? 0) <= port && port <= (range[1] ?? 0);
    return typeof destination !== 'string' && destination.ports.some((named) => named.name === one && named.protocol === protocol && named.containerPort === port);
  });
}

function ruleMatches(rule: CalicoRule, policy: CalicoTestPolicy, from: TestEnd, to: TestEnd, protocol: string, port: number, world: CalicoWorld): boolean {
  if (rule.protocol !== undefined && rule.protocol !== protocol) return false;
  if (rule.notProtocol === protocol) return false;
  const { ports, notPorts } = rule.destination ?? {};
  if (ports !== undefined && ports.length > 0 && !portListed(ports, to, protocol, port)) return false;
  if (notPorts !== undefined && portListed(notPorts, to, protocol, port)) return false;
  return entityMatches(rule.source, from, policy.namespace, world) && entityMatches(rule.destination, to, policy.namespace, world);
}

function applies(policy: CalicoTestPolicy, pod: TestPod, world: CalicoWorld): boolean {
  if (policy.namespace !== undefined && policy.namespace !== pod.namespace) return false;
  if (policy.namespaceSelector !== undefined && !holds(policy.namespaceSelector, { ...world.namespaces[pod.namespace], 'projectcalico.org/name': pod.namespace })) return false;
  if (policy.serviceAccountSelector !== undefined && !holds(policy.serviceAccountSelector, world.accounts[`${pod.namespace}/${accountOf(pod)}`] ?? {})) return false;
  return policy.selector === undefined || holds(policy.selector, seenLabels(pod, world));
}

function typesOf(policy: CalicoTestPolicy): string[] {
  if (policy.types !== undefined && policy.types.length > 0) return policy.types;
  if (policy.egress.length === 0) return ['Ingress'];
  return policy.ingress.length === 0 ? ['Egress'] : ['Ingress', 'Egress'];
}

type Step = { order: number; id: string; judge: () => 'Allow' | 'Deny' | 'Pass' | undefined };

function sideAllows(direction: 'ingress' | 'egress', from: TestEnd, to: TestEnd, protocol: string, port: number, world: CalicoWorld): boolean {
  const subject = direction === 'ingress' ? to : from;
  if (typeof subject === 'string') return true;
  const tiers = [...world.tiers, ...(world.tiers.some((tier) => tier.name === 'default') ? [] : [{ name: 'default', order: 1_000_000, defaultAction: 'Deny' as const }])]
    .toSorted((a, b) => (a.order ?? Number.MAX_VALUE) - (b.order ?? Number.MAX_VALUE) || (a.name < b.name ? -1 : 1));
  for (const tier of tiers) {
    const steps: Step[] = world.calico
      .filter((policy) => (policy.tier ?? 'default') === tier.name && typesOf(policy).includes(direction === 'ingress' ? 'Ingress' : 'Egress') && applies(policy, subject, world))
      .map((policy) => ({
        order: policy.order ?? Number.MAX_VALUE, id: policy.namespace === undefined ? policy.name : `${policy.namespace}/${policy.name}`,
        judge: () => policy[direction].find((rule) => rule.action !== 'Log' && ruleMatches(rule, policy, from, to, protocol, port, world))?.action as 'Allow' | undefined,
      }));
    if (tier.name === 'default') {
      const theirs = oracleSide(direction, subject, direction === 'ingress' ? from : to, to, protocol, port, world);
      // All of them have one order; together they allow, or leave it to the end of the tier.
      if (theirs !== 'unselected') steps.push({ order: 1_000, id: '', judge: () => (theirs === 'allow' ? 'Allow' : undefined) });
    }
    if (steps.length === 0) continue;
    const action = steps.toSorted((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1)).map((step) => step.judge()).find((one) => one !== undefined) ?? tier.defaultAction ?? 'Deny';
    if (action !== 'Pass') return action === 'Allow';
  }
  return true;
}

/** Whether Calico lets a connection through. */
export function calicoAllows(world: CalicoWorld, from: TestEnd, to: TestEnd, protocol: string, port: number): boolean {
  return sideAllows('egress', from, to, protocol, port, world) && sideAllows('ingress', from, to, protocol, port, world);
}

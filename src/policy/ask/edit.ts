/** The smallest change of policies that would turn an answer round. */
import type { Path } from '../../cluster/manifests/origin.ts';
import type { PolicyRef, Rule } from '../model/rules.ts';
import { parseAddress } from '../model/block.ts';
import type { Protocol } from '../model/ports.ts';
import { NAME_LABEL } from '../world/read-world.ts';
import type { Verdict } from './answer.ts';
import type { Decision, Heard } from './decide.ts';
import type { End } from './ends.ts';

export type Edit =
  /** Add an item to `ports` of the rule at the path. */
  | { kind: 'add port'; policy: PolicyRef; path: Path; item: { protocol: Protocol; port: number } }
  /** Add an item to `from` or `to` of the rule at the path. */
  | { kind: 'add peer'; policy: PolicyRef; path: Path; key: 'from' | 'to'; item: object }
  /** Add a rule to the section at the path. */
  | { kind: 'add rule'; policy: PolicyRef; path: Path; item: object }
  /** Take the rule, or the one peer of it, away. */
  | { kind: 'remove'; policy: PolicyRef; path: Path }
  /** Write a new policy. */
  | { kind: 'add policy'; namespace: string; spec: object };

const KEY = { ingress: 'from', egress: 'to' } as const;
const TYPE = { ingress: 'Ingress', egress: 'Egress' } as const;

/** A peer of a NetworkPolicy that matches an end: its labels, or its address. Undefined where neither is known. */
function peerOf(end: End): object | undefined {
  if (end.kind === 'pod' && !end.pod.hostNetwork) return { namespaceSelector: { matchLabels: { [NAME_LABEL]: end.pod.namespace } }, podSelector: { matchLabels: end.pod.labels } };
  const text = end.kind === 'pod' ? end.pod.addresses[0] : end.kind === 'node' ? end.node.addresses[0] : end.name;
  const address = text === undefined ? undefined : parseAddress(text);
  return address === undefined ? undefined : { ipBlock: { cidr: `${text}/${address.width}` } };
}

/** The path of the rule that a peer of it stands in: without `from` and its number. */
function rulePath(rule: Rule): Path {
  const at = rule.path.findIndex((part) => part === KEY[rule.direction]);
  return at < 0 ? rule.path : rule.path.slice(0, at);
}

const isKubernetes = (policy: PolicyRef): boolean => policy.kind === 'NetworkPolicy' && policy.apiVersion.startsWith('networking.k8s.io/');

/** What lets one direction allow; undefined where no edit of the kinds above does. */
function opening(decision: Decision, other: End, protocol: Protocol, port: number): Edit | undefined {
  const denied = decision.heard.find((heard) => heard.decided && heard.rule.action === 'deny');
  if (denied !== undefined) return { kind: 'remove', policy: denied.rule.policy, path: denied.rule.path };
  const rules = decision.heard.filter((heard) => isKubernetes(heard.rule.policy) && heard.rule.condition === undefined);
  const key = KEY[decision.direction];
  const item = peerOf(other);
  const near = rules.find((heard) => heard.peer === 'yes' && !heard.port);
  if (near !== undefined && ['TCP', 'UDP', 'SCTP'].includes(protocol) && port > 0) return { kind: 'add port', policy: near.rule.policy, path: rulePath(near.rule), item: { protocol, port } };
  // A name may mean the port elsewhere and not at this end.
  const byNumber = ({ include }: Rule['ports']): boolean => include === 'any' || include.every((one) => !('name' in one));
  const fits = rules.find((heard) => heard.port && heard.peer === 'no' && byNumber(heard.rule.ports));
  if (fits !== undefined && item !== undefined) return { kind: 'add peer', policy: fits.rule.policy, path: rulePath(fits.rule), key, item };
  const isolating = decision.isolated.find((one) => isKubernetes(one.policy));
  if (isolating === undefined || item === undefined || port === 0) return undefined;
  return { kind: 'add rule', policy: isolating.policy, path: ['spec', decision.direction], item: { [key]: [item], ports: [{ protocol, port }] } };
}

/** What makes one direction deny: the rules that allow it taken away, or a policy where there is none. */
function closing(decision: Decision, end: End): Edit[] | undefined {
  const allowing = decision.heard.filter((heard: Heard) => heard.decided && heard.rule.action === 'allow');
  if (allowing.length > 0 && allowing.every((heard) => isKubernetes(heard.rule.policy))) return allowing.map(({ rule }) => ({ kind: 'remove', policy: rule.policy, path: rule.path }));
  if (decision.selected || end.kind !== 'pod' || end.pod.hostNetwork) return undefined;
  return [{ kind: 'add policy', namespace: end.pod.namespace, spec: { podSelector: { matchLabels: end.pod.labels }, policyTypes: [TYPE[decision.direction]] } }];
}

/** The edits that turn an answer round, all of them needed; undefined where none of these kinds does. */
export function smallestEdit(verdict: Verdict): Edit[] | undefined {
  const { egress, ingress, from, to, protocol, port } = verdict;
  if (egress === undefined || ingress === undefined || verdict.verdict === 'depends' || verdict.basis === 'exception' || verdict.basis === 'unenforced') return undefined;
  if (verdict.verdict === 'deny') {
    const needed = [egress.answer === 'allow' ? [] : opening(egress, to, protocol, port), ingress.answer === 'allow' ? [] : opening(ingress, from, protocol, port)];
    return needed.some((one) => one === undefined) ? undefined : needed.flat().filter((one) => one !== undefined);
  }
  const choices = [closing(ingress, to), closing(egress, from)].filter((one) => one !== undefined);
  return choices.toSorted((a, b) => a.length - b.length)[0];
}

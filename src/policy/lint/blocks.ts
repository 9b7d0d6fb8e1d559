/** policy/block-inside-cluster, policy/open-to-all: blocks that hold the cluster's own addresses, and rules without limits. */
import { overlaps, parsePrefix, type Prefix } from '../../net/prefix.ts';
import { blockText, hostPrefix, parseAddress, type Block } from '../model/block.ts';
import type { Match } from '../model/match.ts';
import type { LintContext } from './context.ts';
import { placeOf, subjectOf, type Finding } from './finding.ts';

function blocksOf(match: Match): Block[] {
  if (match.op === 'block') return [match.block];
  if (match.op === 'and' || match.op === 'or') return match.of.flatMap(blocksOf);
  return [];
}

export function blocksInside({ engine, rules }: LintContext): Finding[] {
  const { pods, nodes, services } = engine.state.world;
  const hosts = (texts: readonly string[]): Prefix[] => texts.flatMap((text) => { const address = parseAddress(text); return address === undefined ? [] : [hostPrefix(address)]; });
  const inside: [string, Prefix[]][] = [
    ['pods', [...nodes.flatMap((node) => node.podCidrs.map(parsePrefix)), ...hosts(pods.filter((pod) => !pod.hostNetwork).flatMap((pod) => pod.addresses))]],
    ['nodes', hosts(nodes.flatMap((node) => node.addresses))],
    ['services', hosts(services.flatMap((service) => service.addresses))],
  ];
  // Many rules name the same few blocks, and there may be many pods.
  const known = new Map<string, string[]>();
  const heldBy = (block: Block): string[] => {
    const found = known.get(blockText(block)) ?? inside.filter(([, prefixes]) => prefixes.some((prefix) => overlaps(block.cidr, prefix) && !block.except.some((one) => overlaps(one, prefix)))).map(([name]) => name);
    known.set(blockText(block), found);
    return found;
  };
  return rules.flatMap((rule): Finding[] => blocksOf(rule.peer).flatMap((block): Finding[] => {
    // All addresses are meant for the outside; whoever writes them knows that they hold the cluster.
    if (block.cidr.length === 0) return [];
    const found = heldBy(block);
    if (found.length === 0) return [];
    return [{
      rule: 'policy/block-inside-cluster', severity: 'warning', subjects: [subjectOf(rule.policy)], summary: `${blockText(block)} holds addresses of ${found.join(' and ')}`,
      evidence: [placeOf(rule.policy, rule.path, 'derived')],
      why: 'Cilium does not match pods and nodes by address, and whether a Service\'s address is seen at all depends on the CNI: the rule means something else there.',
      fix: ['select pods by labels, and nodes by what the CNI offers for them'], refs: ['https://github.com/cilium/cilium/issues/9209', 'https://kubernetes.io/docs/concepts/services-networking/network-policies/#behavior-of-to-and-from-selectors'],
    }];
  }));
}

export function openToAll({ rules }: LintContext): Finding[] {
  const everything = (match: Match): boolean => match.op === 'all' || (match.op === 'block' && match.block.cidr.length === 0 && match.block.except.length === 0) || (match.op === 'or' && match.of.some(everything));
  return rules.filter((rule) => rule.action === 'allow' && everything(rule.peer)).map((rule): Finding => ({
    rule: 'policy/open-to-all', severity: 'info', subjects: [subjectOf(rule.policy)],
    summary: `${rule.direction === 'ingress' ? 'lets everybody in' : 'lets its pods reach everything'}${rule.ports.include === 'any' ? ', on every port' : ''}`,
    evidence: [placeOf(rule.policy, rule.path)], why: 'Addresses outside the cluster are meant as well.', fix: ['name the peers, if these are not all meant'], refs: [],
  }));
}

/** Calico's network sets: addresses with labels, which selectors of rules find. */
import { at, list, strings } from '../../cluster/fields.ts';
import type { LoadedObject } from '../input/object.ts';
import { blockOf, parseAddress, prefixFault, type Block } from '../model/block.ts';
import type { Match } from '../model/match.ts';
import type { Labels } from '../world/world.ts';

export interface NetworkSet {
  /** Undefined for a global one. */
  namespace: string | undefined;
  labels: Labels;
  blocks: Block[];
}

const isCalico = ({ apiVersion }: LoadedObject): boolean => /^(crd\.)?projectcalico\.org\//.test(apiVersion);

/** An address alone is the block of it. */
export function netOf(text: string): Block | undefined {
  const address = text.includes('/') ? undefined : parseAddress(text);
  if (address !== undefined) return blockOf(`${text}/${address.width}`);
  return prefixFault(text) === undefined ? blockOf(text) : undefined;
}

/** All network sets of the input; what is no address in them is left out. */
export function networkSetsOf(objects: readonly LoadedObject[]): NetworkSet[] {
  return objects.filter((object) => isCalico(object) && (object.kind === 'NetworkSet' || object.kind === 'GlobalNetworkSet')).map((object) => ({
    namespace: object.kind === 'NetworkSet' ? object.namespace ?? 'default' : undefined,
    labels: strings(at(object.body, 'metadata', 'labels')),
    blocks: list(at(object.body, 'spec', 'nets')).flatMap((net) => netOf(String(net)) ?? []),
  }));
}

/** Whether an expression over labels holds for a set; `namespaceLabels` are those of its namespace. */
export function selectsSet(match: Match, set: NetworkSet, namespaceLabels: (name: string) => Labels): boolean {
  const holds = (one: Match): boolean => selectsSet(one, set, namespaceLabels);
  const labels = (on: string): Labels => (on === 'pod' ? set.labels : on === 'namespace' && set.namespace !== undefined ? namespaceLabels(set.namespace) : {});
  switch (match.op) {
    case 'all': return true;
    case 'and': return match.of.every(holds);
    case 'or': return match.of.some(holds);
    case 'not': return !holds(match.of);
    case 'namespace': return set.namespace === match.name;
    case 'label': return match.values.includes(labels(match.on)[match.key] ?? '\0');
    case 'has': return labels(match.on)[match.key] !== undefined;
    case 'text': {
      const value = labels(match.on)[match.key];
      return value !== undefined && (match.how === 'contains' ? value.includes(match.text) : match.how === 'starts' ? value.startsWith(match.text) : value.endsWith(match.text));
    }
    // A set is no endpoint, and has no account.
    case 'account':
    case 'block':
    case 'kind':
    case 'none':
    case 'unknown': return false;
  }
}

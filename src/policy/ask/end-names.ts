/** What classes of endpoints are called in listings, at each level of detail. */
import type { AddressRange, AddressSpace } from '../compile/address-space.ts';
import { OTHER_VALUE, type EndpointClass } from '../compile/universe.ts';
import ipaddr from 'ipaddr.js';

export const LEVELS = ['pod', 'workload', 'class'] as const;
export type Level = (typeof LEVELS)[number];

function addressText(value: bigint, width: number): string {
  return ipaddr.fromByteArray(Array.from({ length: width / 8 }, (_, index) => Number((value >> BigInt(width - 8 * (index + 1))) & 0xffn))).toString();
}

function rangeText({ from, to, width }: AddressRange): string {
  if (from === 0n && to === (1n << BigInt(width)) - 1n) return width === 32 ? '0.0.0.0/0' : '::/0';
  const size = to - from + 1n;
  const bits = size.toString(2).length - 1;
  if (size === 1n << BigInt(bits) && from % size === 0n) return `${addressText(from, width)}/${width - bits}`;
  return `${addressText(from, width)}-${addressText(to, width)}`;
}

/** Classes of addresses as ranges, neighbours joined: `outside 0.0.0.0/0`. */
export function outsideName(space: AddressSpace, classes: readonly number[]): string {
  const ranges = classes.flatMap((index) => space.classes[index]!.ranges).toSorted((a, b) => a.width - b.width || (a.from < b.from ? -1 : 1));
  const joined: AddressRange[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    if (last !== undefined && last.width === range.width && last.to === range.from - 1n) last.to = range.to;
    else joined.push({ ...range });
  }
  return `outside ${joined.map(rangeText).join(' ')}`;
}

function className({ namespace, labels, pods, kind }: EndpointClass): string {
  const written = Object.entries(labels.pod).map(([key, value]) => `${key}=${value === OTHER_VALUE ? '…' : value}`).join(',');
  const first = pods[0]?.workload ?? '';
  return `${namespace ?? ''}{${written}}${kind === 'host' ? ' in the network of nodes' : ''} (${pods.length} ${pods.length === 1 ? `pod: ${first}` : `pods: ${first}, …`})`;
}

/** The names of a class' members; nodes only where they are asked for. */
export function namesOf(one: EndpointClass, level: Level, nodes: boolean): string[] {
  const own = nodes ? one.nodes.map((node) => `node ${node.name}`) : [];
  if (one.pods.length === 0) return own;
  if (level === 'class') return [className(one), ...own];
  return [...(level === 'pod' ? one.pods.map((pod) => pod.id) : new Set(one.pods.map((pod) => pod.workload))), ...own];
}

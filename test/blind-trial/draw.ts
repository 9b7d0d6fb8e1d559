/** What chance decides of a case: which nodes, which pods, how much. The same seed draws the same. */
import { createHash } from 'node:crypto';
import { Random } from '../../src/packets/testing/random.ts';
import type { NodeNames } from '../audit-trial/fault.ts';
import type { Case } from './case.ts';

/** What a lab has at one of its nodes: the node, and the trial's own pods there. */
export interface Place extends NodeNames {
  /** Without the lab's name: `agent-1`. */
  short: string;
  /** First three numbers of the range of its pods. */
  podPrefix: string;
  caller: { name: string; ip: string };
  api: { name: string; ip: string; clusterIp: string };
}

/** Draws, and remembers what was drawn, for the table. */
export class Draw {
  /** The node of the client. */
  readonly caller: Place;
  /** The node of the server. */
  readonly api: Place;
  /** A node of neither, where both are on two. */
  readonly third: Place;
  readonly drawn: string[] = [];
  readonly #random: Random;

  /** Errors: one when the places are fewer than three. */
  constructor(places: readonly Place[], seed: number, one: Pick<Case, 'id' | 'together'>) {
    this.#random = new Random(Number.parseInt(createHash('sha256').update(`${seed} ${one.id}`).digest('hex').slice(0, 8), 16));
    // What takes a server's node away must not take the control plane away.
    const api = this.#random.pick(places.filter(({ short }) => !short.startsWith('server')));
    const others = places.filter((place) => place !== api);
    const caller = one.together === true ? api : this.#random.pick(others);
    const third = others.find((place) => place !== caller);
    if (api === undefined || caller === undefined || third === undefined) throw new Error('the trial needs a server and two agents');
    [this.api, this.caller, this.third] = [api, caller, third];
    this.drawn.push(one.together === true ? `both ends on ${api.short}` : `from ${caller.short} to ${api.short}`);
  }

  /** A whole number from `low` to `high`. */
  number(what: string, low: number, high: number): number {
    const value = low + this.#random.below(high - low + 1);
    this.drawn.push(`${what} ${value}`);
    return value;
  }

  /** One of several. */
  one<T extends string>(what: string, list: readonly T[]): T {
    const value = this.#random.pick(list);
    this.drawn.push(`${what} ${value}`);
    return value;
  }

  /** Without a word in the table: which of several clients speaks is in its text. */
  silently<T>(list: readonly T[]): T {
    return this.#random.pick(list);
  }
}

/** Places of no lab, for tests and digests. */
export const SAMPLE: readonly Place[] = ['server-1', 'agent-1', 'agent-2'].map((short, index) => ({
  short, name: `t-${short}`, address: `192.168.77.${11 + index}`, podCidr: `10.42.${index}.0/24`, podPrefix: `10.42.${index}`,
  caller: { name: `caller-${short}`, ip: `10.42.${index}.20` }, api: { name: `api-${short}`, ip: `10.42.${index}.21`, clusterIp: `10.43.0.${20 + index}` },
}));

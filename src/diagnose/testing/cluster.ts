/** Healthy clusters to be broken: one change at a time, with parameters from a seed. */
import { FLAVOURS, healthy } from '../../audit/testing/healthy.ts';

export type Flavour = (typeof FLAVOURS)[number];
type Value = Record<string, unknown>;

/** Numbers from a seed, always the same: xorshift32 (Marsaglia 2003). */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 88_172_645) >>> 0 || 1;
    for (let at = 0; at < 8; at++) this.int(2);
  }
  /** From 0, less than `below`. */
  int(below: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % below;
  }
  pick<T>(from: readonly T[]): T {
    const one = from[this.int(from.length)];
    if (one === undefined) throw new Error('nothing to pick from');
    return one;
  }
}

/** Where a path leads in an object that a test made itself. */
type Change = (object: any) => void; // oxlint-disable-line typescript/no-explicit-any -- objects of the tests' own making

/** A healthy cluster with web pods (shop/web-1 on n1, shop/web-2 on n2), databases behind Service shop/db, prometheus, DNS. */
export class Trial {
  readonly flavour: Flavour;
  readonly random: Random;
  objects: Value[];
  readonly services: string;
  readonly base: string;

  constructor(random: Random, flavours: readonly Flavour[] = FLAVOURS) {
    this.random = random;
    this.flavour = random.pick(flavours);
    this.objects = structuredClone(healthy(this.flavour)) as Value[];
    [this.base, this.services] = this.flavour.startsWith('k3s') ? ['10.42', '10.43'] : ['10.244', '10.96'];
  }

  /** Changes objects of a kind whose names fit. Errors: one when there is none. */
  change(kind: string, name: RegExp, change: Change): this {
    const found = this.objects.filter((one) => one['kind'] === kind && name.test(String((one['metadata'] as Value)['name'])));
    if (found.length === 0) throw new Error(`the trial cluster has no ${kind} like ${String(name)}`);
    for (const one of found) change(one);
    return this;
  }

  remove(kind: string, name: RegExp): this {
    this.objects = this.objects.filter((one) => !(one['kind'] === kind && name.test(String((one['metadata'] as Value)['name']))));
    return this;
  }

  add(...objects: readonly object[]): this {
    this.objects.push(...(structuredClone(objects) as Value[]));
    return this;
  }

  /** Changes facts of the namespaces of pods whose address fits, on all hosts. */
  inPods(address: string, change: Change): this {
    return this.change('HostFacts', /./, (host: { pods?: { addresses: string[] }[] }) => {
      for (const pod of host.pods ?? []) if (pod.addresses.includes(address)) change(pod);
    });
  }

  /** The address of a pod. */
  ip(name: string): string {
    const pod = this.objects.find((one) => one['kind'] === 'Pod' && (one['metadata'] as Value)['name'] === name);
    return String((pod?.['status'] as Value | undefined)?.['podIP']);
  }

  /** The address of Service shop/db. */
  get db(): string {
    return `${this.services}.3.2`;
  }
}

/** Texts in which programs say the same. */
export const TEXTS: Readonly<Record<string, readonly ((host: string, port: number) => string)[]>> = {
  refused: [
    (host, port) => `dial tcp ${host}:${port}: connect: connection refused`, (host, port) => `Error: connect ECONNREFUSED ${host}:${port}`,
    (host, port) => `curl: (7) Failed to connect to ${host} port ${port} after 0 ms: Connection refused`, (host, port) => `rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp ${host}:${port}: connect: connection refused"`,
    (host, port) => `java.net.ConnectException: Connection refused: /${host}:${port}`,
  ],
  timeout: [
    (host, port) => `dial tcp ${host}:${port}: i/o timeout`, (host, port) => `Error: connect ETIMEDOUT ${host}:${port}`, (host, port) => `curl: (28) Failed to connect to ${host} port ${port} after 130000 ms: Connection timed out`,
    (host, port) => `HTTPConnectionPool(host='${host}', port=${port}): Max retries exceeded (Caused by ConnectTimeoutError(<urllib3.connection.HTTPConnection object>, 'Connection to ${host} timed out. (connect timeout=5)'))`,
  ],
  'no-route': [(host, port) => `dial tcp ${host}:${port}: connect: no route to host`, (host, port) => `Error: connect EHOSTUNREACH ${host}:${port}`],
  'net-unreachable': [(host, port) => `dial tcp ${host}:${port}: connect: network is unreachable`, (host, port) => `Error: connect ENETUNREACH ${host}:${port}`],
};

/** A text of a kind in the words of one program or another. */
export function textOf(trial: Trial, kind: string, host: string, port: number): string {
  return trial.random.pick(TEXTS[kind] ?? [])(host, port);
}

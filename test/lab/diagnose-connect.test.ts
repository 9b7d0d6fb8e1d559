/** Connections that `diagnose` tries, and counters that it reads, in real network namespaces: a host with a pod's namespace behind a veth. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectFrom } from '../../src/diagnose/live/connect.ts';
import { readCounters, risen } from '../../src/diagnose/live/counters.ts';
import { pingLarge } from '../../src/diagnose/live/large.ts';
import { namespaceHost, type TestHost } from '../support/namespace-shell.ts';

// Of the range for benchmarks (RFC 2544): labs that run beside have namespaces in the same /proc.
const POD = '198.18.77.7';
let host: TestHost;

beforeAll(async () => {
  host = await namespaceHost('n1');
  await host.set(`mkdir -p /run/netns && ip netns add pod && ip link add veth0 type veth peer name eth0 netns pod
    ip addr add 198.18.77.1/24 dev veth0 && ip link set veth0 up && ip -n pod link set lo up
    ip -n pod addr add ${POD}/24 dev eth0 && ip -n pod link set eth0 up && ip -n pod route add default via 198.18.77.1`);
  // A process keeps the namespace findable in /proc, as a pod's sandbox does.
  await host.set(`(ip netns exec pod sh -c 'python3 -m http.server 8080 --bind 0.0.0.0 >/dev/null 2>&1 & exec sleep 600' >/dev/null 2>&1 &) ; for i in $(seq 100); do ip netns exec pod ss -Hltn | grep -q :8080 && exit 0; sleep 0.1; done; exit 1`);
}, 60_000);
afterAll(async () => {
  await host.set('ip netns pids pod | xargs -r kill -9');
  await host.remove();
});

describe('connections', () => {
  it('stand, are refused, and get no route or no network', async () => {
    expect((await connectFrom(host, undefined, POD, 8080)).value).toBe('ok');
    expect((await connectFrom(host, POD, '127.0.0.1', 8080)).value).toBe('ok');
    expect((await connectFrom(host, POD, POD, 9500)).value).toBe('refused');
    expect((await connectFrom(host, POD, '198.18.77.99', 80)).value).toBe('no-route');
    expect((await connectFrom(host, undefined, '203.0.113.1', 80)).value).toBe('net-unreachable');
  });

  it('say when no namespace has the address, instead of trying from elsewhere', async () => {
    const { value, said } = await connectFrom(host, '198.18.77.8', POD, 8080);
    expect(value).toBeUndefined();
    expect(said).toContain('no network namespace on this node has 198.18.77.8');
  });

  it('carry large packets, and lose them where the other end takes less', async () => {
    expect((await pingLarge(host, POD, '198.18.77.1')).value).toBe('fits');
    await host.set('ip link set veth0 mtu 1400');
    expect((await pingLarge(host, POD, '198.18.77.1')).value).toBe('lost');
    await host.set('ip link set veth0 mtu 1500; ip -n pod link set eth0 mtu 1500; ip -n pod route replace 198.18.77.1 dev eth0 mtu lock 1300');
    expect((await pingLarge(host, POD, '198.18.77.1')).value).toBe('too-big');
    await host.set('ip -n pod route del 198.18.77.1 dev eth0');
    expect(await pingLarge(host, POD, '198.18.77.99')).toMatchObject({ value: undefined, said: expect.stringContaining('small pings are not answered either') as string });
  });

  it('that a rule drops or rejects are counted by that rule', async () => {
    for (const [target, value] of [['DROP', 'timeout'], ['REJECT', 'refused']] as const) {
      await host.set(`iptables -I OUTPUT -p tcp --dport 8080 -j ${target}; iptables -I OUTPUT -p tcp --dport 1 -j DROP`);
      const [a, b] = [await readCounters(host), await readCounters(host)];
      expect((await connectFrom(host, undefined, POD, 8080)).value).toBe(value);
      const c = await readCounters(host);
      if (a === undefined || b === undefined || c === undefined) throw new Error('no counters were read');
      const rules = risen([a, b], [b, c]);
      expect(rules).toHaveLength(1);
      expect(rules[0]?.rule).toContain(`-j ${target}`);
      await host.set('iptables -F OUTPUT');
    }
  });
});

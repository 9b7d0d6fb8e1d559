import { describe, expect, it } from 'vitest';
import { hostFactsSchema, type HostFacts } from '../cluster/snapshot/host-facts.ts';
import { MAX_OBJECT_CHARS } from '../cluster/manifests/limits.ts';
import { fitFacts } from './fit-facts.ts';

const route = (dst: string): NonNullable<HostFacts['routes']>[number] => ({ family: 4, type: 'unicast', dst, device: 'eth0', table: 'main', protocol: 'bird', onlink: false });

describe('facts of a host', () => {
  it('that fit are left as they are', () => {
    const facts: HostFacts = { node: 'n', kernel: '6.1', routes: [route('default')] };
    expect(fitFacts(facts)).toBe(facts);
  });

  it('with the routes of the Internet fit, keep prefixes before single addresses, and say what is gone', () => {
    const routes = [...Array.from({ length: 40_000 }, (_, n) => route(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`)), route('192.168.0.0/16'), route('default')];
    const fitted = fitFacts({ node: 'n', kernel: '6.1', routes, unknown: [{ what: 'a', why: 'b' }] });
    expect(JSON.stringify(fitted).length).toBeLessThan(MAX_OBJECT_CHARS);
    expect(hostFactsSchema.parse(fitted)).toEqual(fitted);
    expect(fitted.routes).toHaveLength(8_000);
    expect(fitted.routes?.slice(0, 2).map(({ dst }) => dst)).toEqual(['192.168.0.0/16', 'default']);
    expect(fitted.unknown?.[0]).toEqual({ what: 'a', why: 'b' });
    expect(fitted.unknown?.at(-1)).toEqual({ what: 'routes beyond 8000 of node n', why: expect.stringMatching(/^its facts have \d+ MiB, more than/) as string });
  });

  it('with everything at its bound fit, too', () => {
    const socket = { protocol: 'tcp' as const, address: '10.42.0.5', port: 8080, process: 'a-name-as-long' };
    const pods = Array.from({ length: 400 }, () => ({ addresses: ['10.42.0.5'], sockets: Array.from({ length: 256 }, () => socket), routes: Array.from({ length: 256 }, () => route('10.0.0.0/8')) }));
    const rules = Array.from({ length: 2_000 }, (_, n) => `-A INPUT -s 10.0.${n >> 8}.${n & 255}/32 -m comment --comment "${'x'.repeat(200)}" -j DROP`);
    const iptables = (['nft', 'legacy'] as const).map((backend) => ({ family: 4 as const, backend, tables: ['filter', 'nat', 'mangle'].map((name) => ({ name, policies: {}, chains: [], counted: {}, rules, dropped: 0 })) }));
    const fitted = fitFacts({ node: 'n', kernel: '6.1', pods, iptables });
    expect(JSON.stringify(fitted).length).toBeLessThan(MAX_OBJECT_CHARS);
    expect(fitted.iptables?.[0]?.tables[0]).toMatchObject({ dropped: 1_800 });
    expect(fitted.pods).toBeUndefined();
    expect(fitted.unknown?.map(({ what }) => what)).toContain('network namespaces of pods of node n');
  });
});

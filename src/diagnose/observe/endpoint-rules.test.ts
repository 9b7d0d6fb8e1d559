/** What Felix' rules say of the devices of the pods at both ends. */
import { describe, expect, it } from 'vitest';
import { parseIptablesSave } from '../../node/facts/iptables.ts';
import { judgeEndpoints, type Endpoint } from './endpoint-rules.ts';

const NOW = new Date('2026-11-26T07:00:00Z');
const CLIENT: Endpoint = { end: 'client', pod: 'shop/web', node: 'n1', device: 'cali37b1f8b01dc', flag: '-i', chain: 'cali-from-wl-dispatch' };
const TARGET: Endpoint = { end: 'target', pod: 'shop/db', node: 'n2', device: 'cali50a437325b0', flag: '-o', chain: 'cali-to-wl-dispatch' };

/** As Felix 3.30 writes them: names with the same beginning share a chain. */
const rules = (device: string): ReturnType<typeof parseIptablesSave> => parseIptablesSave(`*filter
:cali-from-wl-dispatch - [0:0]
:cali-from-wl-dispatch-3 - [0:0]
-A cali-FORWARD -i cali+ -m comment --comment "cali:tAzwBLPaV-j53OOZ" -j cali-from-wl-dispatch
-A cali-from-wl-dispatch -i cali3+ -m comment --comment "cali:YF1ODzzkrmRifAPM" -g cali-from-wl-dispatch-3
-A cali-from-wl-dispatch -m comment --comment "cali:3Np6jJi6arohbwZp" -m comment --comment "Unknown interface" -j DROP
-A cali-from-wl-dispatch-3 -i ${device} -m comment --comment "cali:bYjsX5mlZ-peQsrm" -g cali-fw-${device}
-A cali-from-wl-dispatch-3 -m comment --comment "cali:8Ccy1FDB5f9wcnK3" -m comment --comment "Unknown interface" -j DROP
-A cali-to-wl-dispatch -o ${device} -m comment --comment "cali:1Uk-lt1R2boxsD_i" -g cali-tw-${device}
-A cali-to-wl-dispatch -m comment --comment "cali:--T36uQ1RAscUvFI" -m comment --comment "Unknown interface" -j DROP
COMMIT
`);
const read = (byNode: Readonly<Record<string, string>>): Parameters<typeof judgeEndpoints>[1] => new Map(Object.entries(byNode).map(([node, device]) => [node, [{ family: 4, backend: 'nft', restore: '', tables: rules(device) }] as const]));
const judge = (endpoints: readonly Endpoint[], byNode: Readonly<Record<string, string>>, several = false): ReturnType<typeof judgeEndpoints> => judgeEndpoints(endpoints, read(byNode), several, NOW);

describe('rules of Felix', () => {
  it('are there for both ends, in chains of their own or of a common beginning', () => expect(judge([CLIENT, TARGET], { n1: CLIENT.device, n2: TARGET.device })).toMatchObject({ value: 'there', evidence: [{ excerpt: expect.stringContaining(CLIENT.device) as string }, { excerpt: expect.stringContaining(TARGET.device) as string }] }));
  it('are missing for the one who sends, or the one who is sent to', () => {
    expect(judge([CLIENT, TARGET], { n1: 'cali37b1f8b01dd', n2: TARGET.device })).toMatchObject({ value: 'missing-client', says: 'Felix of node n1 has no rule for device cali37b1f8b01dc of Pod shop/web: what the pod sends is dropped' });
    expect(judge([CLIENT, TARGET], { n1: CLIENT.device, n2: 'cali3' })).toMatchObject({ value: 'missing-target', says: expect.stringContaining('what the pod is sent is dropped') as string });
  });
  it('of one of several pods prove nothing', () => {
    expect(judge([CLIENT, TARGET], { n1: CLIENT.device, n2: 'cali3' }, true)).toMatchObject({ value: 'missing-target', weak: 'one-of-several' });
    expect(judge([CLIENT, TARGET], { n1: 'cali3', n2: TARGET.device }, true)).not.toHaveProperty('weak');
  });
  it('cannot be told of where Felix has none in iptables', () => {
    expect(judgeEndpoints([CLIENT], new Map([['n1', [{ family: 4, backend: 'nft', restore: '', tables: parseIptablesSave('*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n') }]]]), false, NOW)).toMatchObject({ value: undefined, command: expect.stringContaining('node n1') as string });
    expect(judge([CLIENT, TARGET], { n1: CLIENT.device })).toMatchObject({ value: undefined });
    expect(judge([], {})).toMatchObject({ value: undefined });
  });
});

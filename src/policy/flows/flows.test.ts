import { describe, expect, it } from 'vitest';
import { engineOf } from '../testing/engine-of.ts';
import { impactOf, impactText } from './impact.ts';
import { readFlows } from './read-flows.ts';

const read = (text: string): ReturnType<typeof readFlows> => readFlows(Buffer.from(text), 'f');

describe('flows', () => {
  it('of conntrack end at the pod that answers, not at the Service', () => {
    const text = [
      'tcp      6 431999 ESTABLISHED src=10.42.0.1 dst=10.43.0.9 sport=40000 dport=80 src=10.42.0.2 dst=10.42.0.1 sport=8080 dport=40000 [ASSURED] mark=0 use=1',
      'udp      17 20 src=10.42.0.1 dst=10.42.0.3 sport=5 dport=53 [UNREPLIED] src=10.42.0.3 dst=10.42.0.1 sport=53 dport=5 mark=0 use=1',
      'icmp     1 29 src=10.42.0.1 dst=10.42.0.2 type=8 code=0 id=1 src=10.42.0.2 dst=10.42.0.1 type=0 code=0 id=1 mark=0 use=1',
      'conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown.',
    ].join('\n');
    expect(read(text)).toEqual({
      passedOver: 2,
      flows: [{ from: '10.42.0.1', to: '10.42.0.2', protocol: 'TCP', port: 8080, count: 1 }, { from: '10.42.0.1', to: '10.42.0.3', protocol: 'UDP', port: 53, count: 1 }],
    });
  });

  it('of Hubble and Calico are read, replies left out, equal ones counted', () => {
    const hubble = (reply: boolean): string => JSON.stringify({ flow: { is_reply: reply, source: { namespace: 'n', pod_name: 'a' }, destination: {}, IP: { source: '10.42.0.1', destination: '203.0.113.1' }, l4: { TCP: { source_port: 1, destination_port: 443 } } } });
    const calico = JSON.stringify({ source_ip: '10.42.0.1', dest_ip: null, dest_namespace: 'n', dest_name: 'b', dest_port: 80, proto: 'tcp', num_flows_started: 3 });
    expect(read([hubble(false), hubble(true), hubble(false), calico].join('\n'))).toEqual({
      passedOver: 1,
      flows: [{ from: 'n/a', to: '203.0.113.1', protocol: 'TCP', port: 443, count: 2 }, { from: '10.42.0.1', to: 'n/b', protocol: 'TCP', port: 80, count: 3 }],
    });
  });

  it.each([
    ['{"from": "a"', /^f:1 is no flow: /],
    ['{"from": "a"}', /has no flows of TCP, UDP or SCTP/],
    ['\n', /has no flows/],
  ])('%j is refused', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

});

describe('impact', () => {
  const pod = (name: string, address: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: "n", labels: {app: ${name}}}\nstatus: {podIP: ${address}}\n---\n`;
  const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: "n"}\nspec: {podSelector: {matchLabels: {app: b}}, ingress: [{ports: [{port: 80}]}]}\n';

  it('names what would be denied, the most frequent first, with counts', () => {
    const { engine } = engineOf(`${pod('a', '10.42.0.1')}${pod('b', '10.42.0.2')}${policy}`);
    const { flows } = read(['{"from":"10.42.0.1","to":"10.42.0.2","port":80}', '{"from":"10.42.0.1","to":"10.42.0.2","port":81}', '{"from":"n/a","to":"n/b","port":82,"count":7}', '{"from":"n/gone","to":"n/b","port":80}'].join('\n'));
    const found = impactOf(engine, flows);
    expect(found.counts).toEqual({ allow: 1, deny: 8, depends: 0, unknown: 1 });
    expect(found.hits.map((hit) => [hit.verdict, hit.from, hit.to, hit.port, hit.count])).toEqual([['deny', 'n/a[Pod]', 'n/b[Pod]', 82, 7], ['deny', 'n/a[Pod]', 'n/b[Pod]', 81, 1], ['unknown', 'n/gone', 'n/b', 80, 1]]);
    expect(impactText(found)).toContain('of 10 connections seen: 8 would be denied, 0 depend, 1 cannot be told, 1 stay');
  });
});

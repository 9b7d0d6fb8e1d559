import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../core/errors.ts';
import { checkRanges } from './ranges.ts';

const service = { serviceCidr: '10.43.0.0/16' };

describe('checkRanges', () => {
  it("accepts K3s' and kubeadm's defaults and clears host bits", () => {
    expect(checkRanges({ clusterCidr: '10.42.0.0/16', ...service }, 20)).toEqual({ clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16' });
    expect(checkRanges({ clusterCidr: '10.244.7.1/16', serviceCidr: '10.96.0.0/12' }, 3)).toEqual({ clusterCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/12' });
  });

  it.each([
    ['each other', { clusterCidr: '10.43.128.0/17', ...service }, 1, '--cluster-cidr overlaps --service-cidr'],
    ['the underlay', { clusterCidr: '10.42.0.0/16', serviceCidr: '192.168.0.0/16' }, 1, '--service-cidr overlaps the underlay'],
    ['the Internet', { clusterCidr: '203.0.112.0/20', ...service }, 1, "--cluster-cidr overlaps the lab's Internet"],
    ['no prefix', { clusterCidr: '10.42.0.0/33', ...service }, 1, '`10.42.0.0/33` is not an IP prefix'],
    ['IPv6', { clusterCidr: 'fd00::/48', ...service }, 1, '--cluster-cidr is fd00::/48; expected an IPv4 prefix'],
    ['a small pod range', { clusterCidr: '10.42.0.0/25', ...service }, 1, 'too small for 1 nodes'],
    ['too many nodes', { clusterCidr: '10.42.0.0/23', ...service }, 3, '--cluster-cidr 10.42.0.0/23 is too small for 3 nodes'],
    ['a small Service range', { clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/29' }, 1, '--service-cidr 10.43.0.0/29 is too small'],
  ])('refuses %s', (_what, ranges, nodes, message) => {
    const attempt = (): unknown => checkRanges(ranges, nodes);
    expect(attempt).toThrow(UsageError);
    expect(attempt).toThrow(message);
  });

  it('has room for exactly as many nodes as there are /24 in the range', () => {
    fc.assert(fc.property(fc.integer({ min: 16, max: 24 }), (length) => {
      const room = 2 ** (24 - length);
      const ranges = { clusterCidr: `10.42.0.0/${length}`, ...service };
      expect(checkRanges(ranges, room)).toBeDefined();
      expect(() => checkRanges(ranges, room + 1)).toThrow(UsageError);
    }));
  });
});

import { describe, expect, test } from 'vitest';
import { UsageError } from '../../core/errors.ts';
import { parseConfig, parseUnit } from './settings.ts';

describe('K3s settings', () => {
  test('of a file: known ones only, the token never', () => {
    const settings = parseConfig('token: secret\nflannel-backend: none\ndisable-network-policy: true\ncluster-cidr: 10.52.0.0/16\n', 'config.yaml');
    expect(settings).toEqual({
      'flannel-backend': { value: 'none', source: 'config.yaml' },
      'disable-network-policy': { value: 'true', source: 'config.yaml' },
      'cluster-cidr': { value: '10.52.0.0/16', source: 'config.yaml' },
    });
    expect(JSON.stringify(settings)).not.toContain('secret');
    expect(parseConfig('', 'empty')).toEqual({});
    expect(() => parseConfig('a: [', 'broken.yaml')).toThrow(UsageError);
  });

  test('of a unit as install.sh writes it', () => {
    const unit = `[Service]
ExecStartPre=-/sbin/modprobe br_netfilter
ExecStart=/usr/local/bin/k3s \\
    server \\
\t'--flannel-backend=host-gw' \\
\t'--cluster-cidr' \\
\t'10.60.0.0/16' \\
\t'--disable-network-policy' \\
\t'--token' \\
\t'secret' \\

`;
    expect(parseUnit(unit, 'unit')).toEqual({
      'flannel-backend': { value: 'host-gw', source: 'unit' },
      'cluster-cidr': { value: '10.60.0.0/16', source: 'unit' },
      'disable-network-policy': { value: 'true', source: 'unit' },
    });
    expect(parseUnit('[Unit]\n', 'unit')).toEqual({});
  });
});

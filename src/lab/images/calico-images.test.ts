import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calicoCniImage, calicoNodeImage } from './calico-images.ts';
import { execFileAsync, inScratch, isRoot, unpackImage } from './testing.ts';

/** Stands for calico-node: notes its flags; `-felix` ends with the statuses in /felix-statuses, one per start. */
const FAKE_CALICO_NODE = `#!/bin/sh
echo "$* node=$NODENAME felix=$FELIX_FELIXHOSTNAME skip=$FELIX_DebugSkipCTLBCleanup" >> /calls
case "$1" in
  -startup) echo worker-1 > /var/lib/calico/nodename ;;
  -felix)
    read status < /felix-statuses
    sed -i 1d /felix-statuses
    exit "$status" ;;
  -allocate-tunnel-addrs) [ "$2" = -allocate-tunnel-addrs-run-once ] || sleep 30 ;;
  *) sleep 30 ;;
esac
`;

describe.skipIf(!isRoot)('calico/node image', { timeout: 60_000 }, () => {
  it('has the programs Felix calls, and they run in it', async () => {
    await inScratch(async (scratch) => {
      await writeFile(join(scratch, 'calico-node'), FAKE_CALICO_NODE, { mode: 0o755 });
      const root = await unpackImage(await calicoNodeImage(new Map([['calico-node', { path: join(scratch, 'calico-node') }]])), scratch);
      const says = async (...argv: string[]): Promise<string> => {
        const { stdout, stderr } = await execFileAsync('chroot', [root, ...argv], { env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' } });
        return stdout + stderr;
      };
      expect(await says('iptables', '--version')).toMatch(/^iptables v\S+ \(nf_tables\)/);
      expect(await says('ip6tables-nft-save', '--version')).toContain('nf_tables');
      expect(await says('iptables-legacy-restore', '--version')).toContain('legacy');
      // Match and target plugins are loaded by name at run time: ldd does not show them.
      expect(await says('iptables', '-m', 'set', '-j', 'MARK', '--help')).toContain('match-set');
      expect(await says('ipset', '--version')).toMatch(/^ipset v/);
      expect(await says('conntrack', '--version')).toMatch(/^conntrack v/);
      expect(await says('nft', '--version')).toMatch(/^nftables v/);
      for (const name of ['ip', 'tc', 'bridge']) expect(await says(name, '-V')).toMatch(/iproute2|bridge utility/);
      expect(await says('sh', '-c', 'command -v ip calico-node start_runit')).toContain('/usr/sbin/ip\n');
    });
  });

  it('start_runit follows upstream: start-up, helpers, Felix again after a configuration change, the end with Felix', async () => {
    await inScratch(async (scratch) => {
      await writeFile(join(scratch, 'calico-node'), FAKE_CALICO_NODE, { mode: 0o755 });
      const root = await unpackImage(await calicoNodeImage(new Map([['calico-node', { path: join(scratch, 'calico-node') }]])), scratch);
      await writeFile(join(root, 'felix-statuses'), '129\n3\n');
      // Standard input of background jobs; a container gets the device from its runtime.
      await mkdir(join(root, 'dev'));
      await writeFile(join(root, 'dev/null'), '');
      // In a PID namespace of its own, as in a pod: the end of the script is the end of its helpers.
      const argv = ['--pid', '--fork', '--kill-child', 'chroot', root, 'start_runit'];
      const env = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/bin', CALICO_NETWORKING_BACKEND: 'vxlan', USE_POD_CIDR: 'true', DATASTORE_TYPE: 'kubernetes' };
      await expect(execFileAsync('unshare', argv, { env })).rejects.toMatchObject({ code: 3, stderr: 'Felix ended with status 3\n' });
      const calls = (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n');
      expect(calls.slice(0, 2)).toEqual(['-startup node= felix= skip=true', '-allocate-tunnel-addrs -allocate-tunnel-addrs-run-once node=worker-1 felix= skip=true']);
      expect(calls.slice(2).toSorted()).toEqual([
        '-complete-startup node=worker-1 felix= skip=true',
        '-felix node=worker-1 felix=worker-1 skip=true',
        '-felix node=worker-1 felix=worker-1 skip=true',
        '-monitor-addresses node=worker-1 felix= skip=true',
        '-monitor-token node=worker-1 felix= skip=true',
      ]);
    });
  });

  it('start_runit refuses BGP', async () => {
    await inScratch(async (scratch) => {
      await writeFile(join(scratch, 'calico-node'), FAKE_CALICO_NODE, { mode: 0o755 });
      const root = await unpackImage(await calicoNodeImage(new Map([['calico-node', { path: join(scratch, 'calico-node') }]])), scratch);
      const env = { PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/bin', CALICO_NETWORKING_BACKEND: 'bird' };
      await expect(execFileAsync('chroot', [root, 'start_runit'], { env })).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('no BGP daemon') });
    });
  });
});

describe('calico/cni image', () => {
  const component = (name: string): [string, { path: string }] => [name, { path: `/built/${name}` }];

  it('puts every plugin beside install, calico-ipam as a second name of calico', () => {
    const image = calicoCniImage(new Map(['calico-install', 'calico', 'bridge', 'host-local', 'loopback', 'portmap', 'bandwidth'].map(component)));
    const plugins = image.entries.filter((entry) => entry.path.startsWith('/opt/cni/bin/')).map((entry) => entry.path.slice('/opt/cni/bin/'.length));
    expect(plugins).toEqual(['install', 'calico', 'calico-ipam', 'bandwidth', 'bridge', 'host-local', 'loopback', 'portmap']);
  });

  it('names the component that is missing', () => {
    expect(() => calicoCniImage(new Map([component('calico')]))).toThrow('the component calico-install (cni-plugin/cmd/install of Calico) was not built or found: image docker.io/calico/cni:v3.31.0 needs it');
  });
});

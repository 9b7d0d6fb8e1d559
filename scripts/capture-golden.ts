/**
 * Writes what tshark says of the captures of src/packets/testing/golden.ts, for the tests that hold the analysis against it. Needs tshark
 * (Debian's 4.0.17 made what is committed): `node scripts/capture-golden.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/core/package-root.ts';
import { pcapFile, type Frame } from '../src/packets/testing/files.ts';
import { CASES, FIELDS, type Golden } from '../src/packets/testing/golden.ts';
import { Seen } from '../src/packets/tcp/flags.ts';

const dir = mkdtempSync(join(tmpdir(), 'fairlead-golden-'));

function tshark(frames: readonly Frame[]): Golden {
  const file = join(dir, 'x.pcap');
  writeFileSync(file, pcapFile(frames, { nano: true }));
  const columns = ['frame.protocols', 'tcp.srcport', 'tcp.len', 'udp.srcport', 'icmp.type', 'tcp.stream', 'tcp.flags', 'ip.src', 'ipv6.src', '_ws.expert.message', ...FIELDS.map(([name]) => `tcp.analysis.${name}`), 'tcp.analysis.window_full'];
  // Ports of the tests carry nothing that tshark should dissect further.
  const argv = ['-n', '-r', file, '-T', 'fields', '-E', 'occurrence=a', '-E', 'aggregator=|', ...columns.flatMap((column) => ['-e', column])];
  const rows = execFileSync('tshark', argv, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }).trimEnd().split('\n').map((line) => line.split('\t'));
  const golden: Golden = { seen: '', rst: 0, synUnanswered: 0, layers: [], windowFull: [] };
  const streams = new Map<string, { client: string | undefined; ports: Set<string> }>();
  golden.seen = rows.map((row, frame) => {
    const [protocols = '', ports = '', lengths = '', udp = '', icmp = '', stream = '', flags = '', , , expert = ''] = row;
    golden.rst += expert.split('|').filter((message) => message.includes('Connection reset (RST)')).length;
    golden.layers.push(layersOf(protocols, ports, lengths, udp, icmp));
    // Quotations in ICMP errors open streams, too, but answer nothing.
    if (stream !== '' && !stream.includes('|') && icmp === '') {
      const known = streams.get(stream) ?? { client: undefined, ports: new Set<string>() };
      known.ports.add(ports);
      if ((Number(flags) & 0x12) === 2) known.client ??= ports;
      streams.set(stream, known);
    }
    if ((row[10 + FIELDS.length] ?? '') !== '') golden.windowFull.push(frame + 1);
    let bits = FIELDS.reduce((sum, [, bit], at) => sum | ((row[10 + at] ?? '') === '' ? 0 : bit), 0);
    // A fast or spurious retransmission is one of the general kind for tshark, too.
    if ((bits & (Seen.fastRetransmission | Seen.spuriousRetransmission)) !== 0) bits &= ~Seen.retransmission;
    return bits.toString(16);
  }).join(' ');
  golden.synUnanswered = [...streams.values()].filter(({ client, ports }) => client !== undefined && ports.size === 1).length;
  return golden;
}

/** The layers in order, with their own values taken from the lists of values. */
function layersOf(protocols: string, ...lists: string[]): string {
  const [ports = [], lengths = [], udp = [], icmp = []] = lists.map((list) => (list === '' ? [] : list.split('|')));
  let quoted = false;
  return protocols.split(':').flatMap((name) => {
    if (name === 'icmp') {
      quoted = true;
      return [`icmp ${icmp.shift() ?? ''}`];
    }
    if (name === 'tcp') return [`tcp ${ports.shift() ?? ''}${quoted || lengths.length === 0 ? '' : ` ${lengths.shift() ?? ''}`}`];
    if (name === 'udp') return [`udp ${udp.shift() ?? ''}`];
    return name === 'arp' || name === 'sctp' ? [name] : [];
  }).join(', ');
}

const target = join(packageRoot(), 'src/packets/testing/golden');
mkdirSync(target, { recursive: true });
for (const [name, frames] of Object.entries(CASES)) {
  const golden = tshark(frames());
  // Long lists of the same say nothing: of weather only the verdicts are kept.
  if (name !== 'odd') golden.layers = [];
  writeFileSync(join(target, `${name}.json`), `${JSON.stringify(golden, null, 1)}\n`);
}
rmSync(dir, { recursive: true });

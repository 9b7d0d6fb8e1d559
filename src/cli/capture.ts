/** `fairlead capture`: what a packet capture says about the network, offline. */
import { createColors } from 'picocolors';
import { ExitCode, UsageError } from '../core/errors.ts';
import { analyseCaptures } from '../packets/analyse.ts';
import { withRecordings } from '../packets/record/recorded-files.ts';
import { renderCapture } from '../packets/report/text.ts';
import { record } from './capture-record.ts';
import { listArgument, listOption, textOption } from './options.ts';
import type { Verb, VerbContext } from './verb.ts';

function ports(ctx: VerbContext): number[] {
  return listOption(ctx, 'vxlanPort').map((text) => {
    const port = Number(text);
    if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw new UsageError(`--vxlan-port is ${JSON.stringify(text)}; expected a whole number from 1 to 65535.`);
    return port;
  });
}

/** Loaded when it is needed: what reads snapshots takes longer to load than a small capture to analyse. */
async function namesIn(snapshots: readonly string[]): Promise<(address: string) => string | undefined> {
  const [{ loadInputs }, { namesOf }] = await Promise.all([import('./take-snapshot.ts'), import('../packets/names/names.ts')]);
  return namesOf(await loadInputs(snapshots));
}

export const capture: Verb = {
  name: 'capture',
  summary: 'what a packet capture says about the network, offline',
  description:
    'Reads captures (pcap and pcapng, also compressed with gzip or zstd) and tells what goes wrong in them: who asks in vain, who refuses, where packets get lost, what the tunnels carry. Nothing is sent anywhere; `capture record` alone touches a cluster. ' +
    'TCP is counted by the definitions of tshark\'s expert system. A capture that is cut is analysed up to there. Several files are captures of the same traffic at several places: packets are followed from one to the other. ' +
    'Exits 1 when there is a sign of a fault or something to look at, or no packet at all.',
  arguments: [{ name: 'FILE', description: 'captures, directories of `capture record`, - for standard input', variadic: true }],
  options: [
    { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' },
    { flags: '--snapshot <file>', description: 'names of pods, Services and nodes: a snapshot, or files and directories as `audit` reads them', repeatable: true },
    { flags: '--vxlan-port <port>', description: 'UDP port that carries VXLAN; 4789 and 8472 are known, and on others it is recognised by its content', repeatable: true },
  ],
  examples: [
    { command: 'fairlead capture node-1.pcap', description: 'what is wrong in this capture' },
    { command: 'tcpdump -i any -c 1000 -w - | fairlead capture -', description: 'look at a thousand packets of this host' },
    { command: 'fairlead capture node-1.pcap --snapshot cluster.tgz', description: 'with the names of pods and Services' },
    { command: 'fairlead capture client.pcap server.pcap -o json', description: 'follow packets from one host to the other' },
  ],
  verbs: [record],
  async run(ctx) {
    const files = listArgument(ctx, 'file');
    if (new Set(files).size < files.length) throw new UsageError(`a capture is named twice: ${files.join(' ')}`);
    const snapshots = listOption(ctx, 'snapshot');
    if (files.includes('-') && snapshots.includes('-')) throw new UsageError('standard input cannot be both the capture and the snapshot');
    const names = snapshots.length === 0 ? {} : { name: await namesIn(snapshots) };
    const report = await analyseCaptures({ ...names, ...(await withRecordings(files)), stdin: process.stdin, vxlanPorts: ports(ctx), signal: ctx.signal });
    const colours = createColors(ctx.colour.stdout);
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(report, null, 2)}\n` : renderCapture(report, colours));
    const found = report.packets === 0 || report.signatures.some(({ weight }) => weight !== 'note');
    return found ? ExitCode.findings : ExitCode.ok;
  },
};

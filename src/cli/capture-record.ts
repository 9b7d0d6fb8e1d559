/** `fairlead capture record`: captures at several places of a cluster at once. */
import { ExitCode, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import type { RecordingManifest } from '../packets/record/manifest.ts';
import { parseAttempt } from '../packets/record/until-fails.ts';
import { durationOption, integerOption, listArgument, textOption } from './options.ts';
import { createProgress } from './progress.ts';
import type { Verb } from './verb.ts';
import { accessOptions, withAccess } from './via.ts';

/** Seconds of `--for`: a day at most. */
const [LEAST, MOST] = [1, 86_400];

export const record: Verb = {
  name: 'record',
  summary: 'capture at nodes and in pods at the same time',
  description:
    "Runs the nodes' own tcpdump at every place from one start to one end, brings what it captured here, and removes it there. A pod is captured in its own network namespace, also one whose image has no tools. " +
    'Packets are cut behind their headers, so that nothing that applications say is kept; --snap keeps more. Of what is larger than --size the end is kept. With --until-fails it ends by itself shortly after a connection failed, with the seconds before. ' +
    'Ctrl-C ends it early and keeps what there is. Nodes that cannot be reached any more end by themselves within two minutes and remove everything. Exits 1 when something is missing.',
  arguments: [{ name: 'PLACE', description: 'names of nodes, and pods as NAMESPACE/POD', variadic: true }],
  options: [
    ...accessOptions,
    { flags: '--to <dir>', description: 'directory for the captures, empty or to be made', default: 'recording' },
    { flags: '--for <duration>', description: 'longest time', default: '1m' },
    { flags: '--size <megabytes>', description: 'largest size at one place; the last packets are kept', default: '64' },
    { flags: '--filter <expression>', description: 'what is captured, as pcap-filter(7) describes it' },
    { flags: '--interface <device>', description: 'device at every place', default: 'any' },
    { flags: '--snap <bytes>', description: 'keep so many bytes of each packet, payload too, instead of headers alone' },
    { flags: '--until-fails <connection>', description: "end when this fails: 'NAMESPACE/POD → ADDRESS:PORT' (or a node instead of the pod), tried twice a second; /udp behind the port asks a DNS question" },
    { flags: '--before <duration>', description: 'with --until-fails: what is kept from before the failure', default: '30s' },
  ],
  examples: [
    { command: 'fairlead capture record --via pod shop/web-0 agent-1 agent-2 --for 30s && fairlead capture recording', description: 'a pod and two nodes for half a minute, and what it says' },
    { command: "fairlead capture record --via ssh agent-1 shop/web-0 --for 12h --until-fails 'shop/web-0 → 10.43.0.10:53/udp'", description: 'wait over night for a DNS query that fails' },
  ],
  async run(ctx) {
    const places = listArgument(ctx, 'place');
    if (new Set(places).size < places.length) throw new UsageError(`a place is named twice: ${places.join(' ')}`);
    const [seconds, before] = [(durationOption(ctx, 'for') ?? 60_000) / 1000, (durationOption(ctx, 'before') ?? 30_000) / 1000];
    if (seconds < LEAST || seconds > MOST) throw new UsageError(`--for is ${JSON.stringify(textOption(ctx, 'for'))}; expected from 1s to 24h`);
    const megabytes = integerOption(ctx, 'size', { min: 4, max: 4000 }) ?? 64;
    const snap = integerOption(ctx, 'snap', { min: 64, max: 262_144 });
    const until = textOption(ctx, 'untilFails');
    const attempt = until === undefined ? undefined : parseAttempt(until);
    const to = textOption(ctx, 'to') ?? 'recording';
    return await withAccess(ctx, async ({ cluster, shell }) => {
      const progress = createProgress(ctx);
      try {
        progress.start('looking for the places');
        const { record: recordAt } = await import('../packets/record/record.ts');
        const manifest = await recordAt({
          places, cluster, shell, to, interface: textOption(ctx, 'interface') ?? 'any', filter: textOption(ctx, 'filter') ?? '', snap, megabytes, seconds, before,
          ...(attempt === undefined ? {} : { attempt }), tool: packageVersion(), signal: ctx.signal, say: (text) => progress.start(text, text.startsWith('recording') ? { usually: seconds * 1000 } : {}),
        });
        progress.done(`recorded in ${to}/`);
        ctx.stdout(recordingText(manifest, to));
        return manifest.points.some(({ incomplete }) => incomplete !== undefined) ? ExitCode.findings : ExitCode.ok;
      } finally {
        progress.stop();
      }
    });
  },
};

/** The recording in words, and how it is looked at. */
function recordingText({ points, startedAt, endedAt, failure, stopped }: RecordingManifest, dir: string): string {
  const seconds = (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
  const why = failure === undefined ? (stopped === 'interrupted' ? 'interrupted' : 'the time was over') : `${failure.attempt} failed at ${failure.at}: ${failure.why}`;
  return [
    `${seconds.toFixed(1)} s from ${startedAt}; ${why}`,
    ...points.map(({ place, file, packets, incomplete }) => `  ${place}: ${file === undefined ? 'nothing' : `${packets} packets in ${file}`}${incomplete === undefined ? '' : `; ${incomplete}`}`),
    `fairlead capture ${dir}`,
    '',
  ].join('\n');
}

/** `fairlead diagnose`: why a connection does not work, and whether it is the network. */
import { existsSync, readFileSync } from 'node:fs';
import { text as readAll } from 'node:stream/consumers';
import { ExitCode, UsageError } from '../core/errors.ts';
import { packageVersion } from '../core/package-root.ts';
import { diagnose as run, type Inputs } from '../diagnose/diagnose.ts';
import { documentOf } from '../diagnose/report/document.ts';
import { renderMarkdown } from '../diagnose/report/markdown.ts';
import { renderText } from '../diagnose/report/text.ts';
import { explain } from './diagnose-explain.ts';
import { fix, fixOptions, undo } from './diagnose-fix.ts';
import { diagnoseLive, withCluster } from './diagnose-live.ts';
import { flagOption, integerOption, listArgument, listOption, textOption } from './options.ts';
import { liveOptions, loadInputs } from './take-snapshot.ts';
import type { Verb, VerbContext } from './verb.ts';

/** A log that is longer is read from its end. */
const MAX_LOG = 16 * 1024 * 1024;

async function readLog(file: string): Promise<{ name: string; text: string }> {
  try {
    return { name: file, text: (file === '-' ? await readAll(process.stdin) : readFileSync(file, 'utf8')).slice(-MAX_LOG) };
  } catch (cause) {
    throw new UsageError(`the log ${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

async function captureOf(ctx: VerbContext, files: readonly string[]): Promise<Pick<Inputs, 'capture'>> {
  if (files.length === 0) return {};
  const [{ analyseCaptures }, { withRecordings }] = await Promise.all([import('../packets/analyse.ts'), import('../packets/record/recorded-files.ts')]);
  return { capture: await analyseCaptures({ ...(await withRecordings(files)), stdin: process.stdin, signal: ctx.signal }) };
}

async function inputsOf(ctx: VerbContext): Promise<Inputs> {
  const [from, to, port, protocol] = [textOption(ctx, 'from'), textOption(ctx, 'to'), integerOption(ctx, 'port', { min: 1, max: 65_535 }), textOption(ctx, 'protocol')];
  const texts = listArgument(ctx, 'text');
  const file = texts.find((text) => existsSync(text));
  if (file !== undefined) throw new UsageError(`${file} is a file or directory; expected the text of an error`, { hint: `Say what it is: --snapshot, --capture or --log ${file}.` });
  return {
    texts, logs: await Promise.all(listOption(ctx, 'log').map(readLog)),
    asked: { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }), ...(port === undefined ? {} : { port }), ...(protocol === undefined ? {} : { protocol: protocol as 'TCP' | 'UDP' }) },
  };
}

/** What the options say of where it is looked: files, the live cluster, or nowhere. Errors: UsageError for options that contradict each other. */
function whereOf(ctx: VerbContext, inputs: Inputs, captures: readonly string[]): 'files' | 'live' | 'nowhere' {
  const snapshots = listOption(ctx, 'snapshot');
  const live = ['via', 'kubeconfig', 'context'].find((name) => textOption(ctx, name) !== undefined);
  if (snapshots.length > 0 && live !== undefined) throw new UsageError(`--${live} is for a live cluster, but --snapshot names one that was stored`, { hint: 'Leave one of both out.' });
  if (snapshots.length > 0 && flagOption(ctx, 'fix')) throw new UsageError('--fix changes a live cluster, but --snapshot names one that was stored', { hint: 'Leave --snapshot out, and name the cluster: --via pod, ssh or lab:NAME, or --kubeconfig.' });
  if (flagOption(ctx, 'yes') && !flagOption(ctx, 'fix')) throw new UsageError('--yes agrees to what --fix shows, and --fix is not there');
  if (snapshots.length > 0) return 'files';
  const nothing = inputs.texts.length === 0 && inputs.logs.length === 0 && captures.length === 0;
  const ends = inputs.asked.from !== undefined || inputs.asked.to !== undefined;
  return live !== undefined || nothing || ends || flagOption(ctx, 'fix') ? 'live' : 'nowhere';
}

export const diagnose: Verb = {
  name: 'diagnose',
  summary: 'why a connection does not work, and whether it is the network',
  description:
    'Takes what is there, in any mix: the text of an error, the ends of a connection, a snapshot, captures, logs, or the live cluster; with nothing at all it looks at the whole live cluster. ' +
    'Judges every fault that it knows by what was observed, and says of each what speaks for it, what against it, and what was not looked at. Proved is a cause only when its own proof was seen, it explains the error, and nothing speaks against it. Where causes cannot be told apart it says so, and names what would tell. ' +
    'With --fix, what mends a proved cause is changed after asking, where it is a change of a Kubernetes object that is certain; what undoes it is stored before. ' +
    'Exits 1 when a cause was found or it cannot be told, 0 when nothing was found, the connection works, or all that was proved is mended.',
  arguments: [{ name: 'TEXT', description: 'error texts, word for word', required: false, variadic: true }],
  options: [
    { flags: '--from <end>', description: "who opens the connection: NAMESPACE/POD, or a node's name" },
    { flags: '--to <end>', description: 'to whom: NAMESPACE/POD, service:NAMESPACE/NAME, a name, or an address' },
    { flags: '--port <number>', description: 'destination port; of a Service its own' },
    { flags: '--protocol <name>', description: 'protocol', choices: ['TCP', 'UDP'] },
    { flags: '--snapshot <file>', description: 'the cluster: a snapshot, or files and directories as `audit` reads them', repeatable: true },
    { flags: '--capture <file>', description: 'a packet capture, or a directory of `capture record`; - for standard input', repeatable: true },
    { flags: '--log <file>', description: 'a log of a pod, a kubelet, a CNI, Felix, flanneld or Cilium; - for standard input', repeatable: true },
    { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json', 'markdown'], default: 'text' },
    ...fixOptions,
    ...liveOptions,
  ],
  examples: [
    { command: "fairlead diagnose 'dial tcp 127.0.0.1:9500: connect: connection refused' --snapshot examples/founding-cluster", description: 'what an error means in that cluster' },
    { command: 'fairlead diagnose --from shop/web-0 --to service:shop/db --port 5432 --via pod', description: 'try it in the live cluster, and find the hop that breaks' },
    { command: 'kubectl logs web-0 | fairlead diagnose --log - --snapshot cluster.tgz', description: 'what a log complains of' },
    { command: 'fairlead diagnose --via pod', description: 'look at the whole cluster' },
    { command: 'fairlead diagnose --from shop/web-0 --to service:shop/db --port 5432 --via pod --fix', description: 'and mend it, where the change is certain, after asking' },
    { command: 'fairlead diagnose explain P3', description: 'what a fault is, and what tells it from others' },
  ],
  verbs: [explain, undo],
  async run(ctx) {
    const [snapshots, captures] = [listOption(ctx, 'snapshot'), listOption(ctx, 'capture')];
    if ([...snapshots, ...captures, ...listOption(ctx, 'log')].filter((file) => file === '-').length > 1) throw new UsageError('standard input (-) can be read only once');
    const inputs = await inputsOf(ctx);
    const where = whereOf(ctx, inputs, captures);
    const all = { ...inputs, ...(await captureOf(ctx, captures)) };
    if (flagOption(ctx, 'fix')) return await withCluster(ctx, async (reached) => await fix(ctx, reached.cluster, await diagnoseLive(ctx, reached, all), async () => await diagnoseLive(ctx, reached, all)));
    const diagnosis = where === 'live' ? await withCluster(ctx, async (reached) => await diagnoseLive(ctx, reached, all)) : await run({ ...all, ...(where === 'files' ? { snapshot: await loadInputs(snapshots) } : {}) });
    const report = documentOf(diagnosis, packageVersion());
    const format = textOption(ctx, 'output');
    ctx.stdout(format === 'json' ? `${JSON.stringify(report, null, 2)}\n` : format === 'markdown' ? renderMarkdown(report) : renderText(report, diagnosis));
    return report.verdict === 'works' || report.verdict === 'nothing' ? ExitCode.ok : ExitCode.findings;
  },
};

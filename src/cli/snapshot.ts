/** `fairlead snapshot`: a cluster's network in one portable file without secrets; `show` and `diff` read it. */
import { ExitCode } from '../core/errors.ts';
import { writeSnapshot } from '../cluster/snapshot/write.ts';
import { differenceOf, differenceText } from '../cni/picture/difference.ts';
import { pictureOf } from '../cni/picture/picture.ts';
import { summaryOf, summaryText } from '../cni/picture/summary.ts';
import { listArgument, textArgument, textOption } from './options.ts';
import { liveOptions, loadInputs, takeSnapshot } from './take-snapshot.ts';
import type { Verb } from './verb.ts';

const format = { flags: '-o, --output <format>', description: 'format', choices: ['text', 'json'], default: 'text' };
const inputs = 'files, directories, - for standard input, or snapshots';

const show: Verb = {
  name: 'show',
  summary: 'what the network of a snapshot is',
  description: 'Summarises a snapshot, or files: distribution, CNI and backend, address ranges, MTUs, how Services and policies are implemented, load balancers, DNS, nodes, and what could not be read.',
  arguments: [{ name: 'INPUT', description: inputs, variadic: true }],
  options: [format],
  examples: [{ command: 'kubectl get nodes,pods,svc,cm,ds -A -o yaml | fairlead snapshot show -', description: 'what kubectl prints is enough to begin with' }],
  async run(ctx) {
    const summary = summaryOf(pictureOf(await loadInputs(listArgument(ctx, 'input'))));
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(summary, null, 2)}\n` : summaryText(summary));
  },
};

const diff: Verb = {
  name: 'diff',
  summary: 'what changed between two snapshots',
  description: 'Compares two snapshots, files or directories in terms of networking: what the cluster is, objects field by field, hosts fact by fact. Pods, endpoints and counters, which change by themselves, are left out. Exits 1 when something differs.',
  arguments: [{ name: 'BEFORE', description: 'snapshot, file or directory' }, { name: 'AFTER', description: 'snapshot, file or directory' }],
  options: [format],
  async run(ctx) {
    const [before, after] = [textArgument(ctx, 'before'), textArgument(ctx, 'after')];
    const difference = differenceOf(await loadInputs([before]), await loadInputs([after]), [before, after]);
    ctx.stdout(textOption(ctx, 'output') === 'json' ? `${JSON.stringify(difference, null, 2)}\n` : differenceText(difference));
    return difference.changes.length === 0 ? ExitCode.ok : ExitCode.findings;
  },
};

export const snapshot: Verb = {
  name: 'snapshot',
  summary: "a cluster's network in one portable file without secrets",
  description:
    'Makes a snapshot of a live cluster, or of the files, directories, dumps and snapshots that are named. Kept is what networking needs, by a list of kinds and fields; Secrets, environment values, ConfigMaps and arguments are not, but for values of listed names that are plainly addresses, ports, sizes or fixed words. ' +
    'Reading needs the permission to list; what may not be read is written down as unknown. Facts of hosts are read when --via says how to reach them.',
  arguments: [{ name: 'INPUT', description: `${inputs}; none for the live cluster`, required: false, variadic: true }],
  options: [{ flags: '--to <path>', description: 'directory, or file that ends in .tgz, to write', default: 'snapshot.tgz' }, ...liveOptions],
  examples: [
    { command: 'fairlead snapshot --via pod --to before.tgz', description: 'the cluster of the kubeconfig, with facts of its hosts' },
    { command: 'fairlead rbac snapshot | kubectl apply -f -', description: 'the role that reading needs' },
    { command: 'fairlead snapshot manifests/ dump.yaml --to review.tgz', description: 'of files, without a cluster' },
  ],
  verbs: [show, diff],
  async run(ctx) {
    const taken = await takeSnapshot(ctx, listArgument(ctx, 'input'));
    const target = textOption(ctx, 'to') ?? 'snapshot.tgz';
    await writeSnapshot(taken, target);
    ctx.stderr(`${target}: ${taken.entries.length} objects, ${taken.hosts.length} hosts${taken.unknown.length === 0 ? '' : `; ${taken.unknown.length} things are not known, see \`fairlead snapshot show ${target}\``}\n`);
  },
};

/** A second pod on a node that tries to reach the canary, where no other node could: a host always reaches its own pods, whatever a policy says. */
import type { PodObject } from '../../../cluster/objects.ts';
import { waitOptions, type StepContext } from '../../steps/context.ts';
import { CANARY_PORT, canaryNamespace, canaryPod, type Seen } from './canary-pod.ts';

const PORT = 7947;

/** Answers every connection with what became of a connection of its own to the canary. */
const ASKER = `
const net = require('node:net');
net.createServer((asked) => {
  let said = '';
  const tried = net.connect({ host: process.env.TARGET, port: ${CANARY_PORT} });
  const answer = (word) => { tried.destroy(); asked.end(word + '\\n'); };
  tried.setTimeout(2000, () => answer('cut'));
  tried.on('data', (part) => { said += part; }).on('end', () => answer(said === 'fairlead' ? 'open' : 'cut')).on('error', () => answer('cut'));
  asked.on('error', () => tried.destroy());
}).listen(${PORT});`;

const nameOf = (node: string): string => `fairlead-second-${node}`;

export interface SecondPodOptions {
  node: string;
  image: string;
  /** Address of the canary. */
  target: string;
  timeoutMs: number;
}

/** Starts it and resolves its address. Errors: EnvironmentError when it does not run in time. */
export async function startSecondPod(ctx: StepContext, { node, image, target, timeoutMs }: SecondPodOptions): Promise<string> {
  const pod = canaryPod({ name: nameOf(node), label: 'fairlead-second', node, image, script: ASKER, port: PORT, env: { TARGET: target } });
  await ctx.cluster.create(pod);
  const running = await ctx.cluster.waitFor<PodObject>({ apiVersion: 'v1', kind: 'Pod', namespace: canaryNamespace, name: nameOf(node) }, (seen) => seen?.status?.phase === 'Running', waitOptions(ctx, `a second new pod on ${node} to run`, timeoutMs));
  return running?.status?.podIP ?? '';
}

/** Asks the second pod, from its own host, whether it reaches the canary. */
export async function askSecondPod(ctx: StepContext, node: string, address: string): Promise<Seen> {
  const { stdout } = await ctx.shell(node).run(['timeout', '5', 'bash', '-c', 'exec 3<>"/dev/tcp/$0/$1" && read -r -t 4 line <&3; printf %s "$line"', address, String(PORT)], { timeoutMs: 10_000 });
  return stdout === 'open' || stdout === 'cut' ? stdout : 'unknown';
}

/** Removes it, if it is there. */
export async function removeSecondPod(ctx: StepContext, node: string): Promise<void> {
  const ref = { apiVersion: 'v1', kind: 'Pod', namespace: canaryNamespace, name: nameOf(node) };
  await ctx.cluster.delete(ref, { gracePeriodSeconds: 0 });
  await ctx.cluster.waitFor(ref, (pod) => pod === undefined, waitOptions(ctx, `the second pod on ${node} to go`, 30_000));
}

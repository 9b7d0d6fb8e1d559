/** Sends packets through a tunnel, and straight to its port, in both directions, and reads what both nodes counted meanwhile. */
import { EnvironmentError } from '../../core/errors.ts';
import type { NodeShell } from '../../node/shell.ts';
import type { Fact } from '../fact.ts';
import { fact, unseen } from '../observe/scene.ts';
import { door, parseCounts, passage, type Counts, type Direction, type Readings } from '../observe/tunnel-counts.ts';
import { joined, type Way } from '../observe/tunnel-way.ts';

/** Datagrams of one byte that are sent at once: more than others send in the moment that it takes. */
const BURST = 300;
/** Milliseconds in which packets arrive and are counted. */
const SETTLE_MS = 300;
/** Where traceroute(8) sends to, since nobody listens there. */
const NOBODYS_PORT = 33_434;

/** What it needs of the outside. `pause` waits, ms. */
export interface Around { shellOf: (node: string) => NodeShell; now: () => Date; pause: (ms: number) => Promise<unknown> }

/** From one socket, so that connection tracking has one entry. An answer that nobody listens makes the next write fail, which is made again. */
const SEND = 'exec 3>"/dev/udp/$0/$1" || exit 1; for ((i = 0, n = 0; n < $2 && i < 2 * $2; i++)); do printf x >&3 && ((++n)); done 2>/dev/null; exit 0';

/** Three pings. Errors: EnvironmentError when the node cannot be reached, or has no ping. */
export async function answersPing(shell: NodeShell, host: string): Promise<{ value: 'ok' | 'lost' | undefined; said: string }> {
  const { code, stdout, stderr } = await shell.run(['ping', '-n', '-q', '-c', '3', '-i', '0.3', '-W', '1', host]);
  const summary = /^\d+ packets transmitted.*$/m.exec(stdout)?.[0];
  // ping(8): 1 when nothing was answered, another status for other errors.
  const value = summary === undefined ? undefined : code === 0 ? 'ok' : code === 1 ? 'lost' : undefined;
  return { value, said: summary ?? (stderr.trim().slice(0, 200) || `ping ended with status ${code}`) };
}

async function countsOf(shell: NodeShell): Promise<Counts> {
  const { stdout } = await shell.run(['cat', '/proc/net/dev', '/proc/net/snmp']);
  const counts = parseCounts(stdout);
  if (counts === undefined) throw new EnvironmentError(`node ${shell.node}: /proc/net/snmp has no counters of UDP`);
  return counts;
}

/** What both nodes counted while datagrams were sent from one of them. */
async function during({ shellOf, pause }: Around, way: Way, host: string, port: number): Promise<{ sender: Readings; receiver: Readings }> {
  const [sender, receiver] = [shellOf(way.from), shellOf(way.to)];
  const read = async (): Promise<[Counts, Counts]> => await Promise.all([countsOf(sender), countsOf(receiver)]);
  const a = await read();
  await pause(SETTLE_MS);
  const b = await read();
  const { code, stderr } = await sender.run(['bash', '-c', SEND, host, String(port), String(BURST)]);
  if (code !== 0) throw new EnvironmentError(`node ${way.from}: datagrams could not be sent to ${host}: ${stderr.trim().slice(0, 200) || `bash ended with status ${code}`}`);
  await pause(SETTLE_MS);
  const c = await read();
  return { sender: [a[0], b[0], c[0]], receiver: [a[1], b[1], c[1]] };
}

/** One direction; what cannot be done there is not told. */
async function direction(look: () => Promise<Direction>): Promise<Direction> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return { value: undefined, why: error.message };
  }
}

/** Whether a pod of the other node answers a node's pings, which go there and come back through the tunnel. Policies may forbid them. */
async function answered({ shellOf }: Around, { from, pod }: Way): Promise<string | undefined> {
  try {
    const { value, said } = await answersPing(shellOf(from), pod);
    return value === 'ok' ? said : undefined;
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return undefined;
  }
}

/** Observation `tunnel`. */
export async function tryTunnel(around: Around, ways: readonly Way[]): Promise<Fact> {
  const [first] = ways;
  if (first === undefined) return unseen('no tunnel was seen between the nodes');
  const said = await answered(around, first);
  if (said !== undefined) return fact('arrives', `node ${first.to}'s pod ${first.pod} answers pings of node ${first.from}, which go through ${first.device} in both directions`, { source: `node ${first.from}: ping ${first.pod}`, observedAt: around.now().toISOString(), excerpt: said, level: 'observed' });
  const seen: Direction[] = [];
  // One after the other: what goes there is not to be counted as what comes back.
  for (const way of ways) seen.push(await direction(async () => passage({ ...(await during(around, way, way.pod, NOBODYS_PORT)), sent: BURST, device: way.device, card: way.card, cardThere: way.cardThere })));
  return joined('tunnel', ways, seen, around.now());
}

/** Observation `tunnel-port`. */
export async function tryPort(around: Around, ways: readonly Way[]): Promise<Fact> {
  const seen: Direction[] = [];
  for (const way of ways) {
    const { port } = way;
    if (port !== undefined) seen.push(await direction(async () => door((await during(around, way, way.address, port)).receiver, (await during(around, way, way.address, NOBODYS_PORT)).receiver, BURST)));
  }
  return seen.length === 0 ? unseen('the tunnel has no UDP port') : joined('tunnel-port', ways, seen, around.now());
}

/** Observation `underlay-ping`. Errors: EnvironmentError as above. */
export async function tryUnderlay({ shellOf, now }: Around, { from, to, address }: { from: string; to: string; address: string }): Promise<Fact> {
  const { value, said } = await answersPing(shellOf(from), address);
  return value === undefined ? unseen(`ping from node ${from} to ${address}: ${said}`) : fact(value, `node ${to} ${value === 'ok' ? 'answers' : 'does not answer'} pings of node ${from} to its own address ${address}`, { source: `node ${from}: ping ${address}`, observedAt: now().toISOString(), excerpt: said, level: 'observed' });
}

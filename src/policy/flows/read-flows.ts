/** Reads a file of flows, whatever recorded them. */
import { UsageError } from '../../core/errors.ts';
import { conntrackFlow, isConntrack } from './conntrack.ts';
import { joined, type Flow, type Flows } from './flow.ts';
import { recordFlow } from './records.ts';

const FORMATS = 'conntrack -L, hubble observe -o json, Calico flow logs, or lines of {"from", "to", "protocol", "port", "count"}';

/** The first bytes of capture files (pcap in both orders, with micro- and nanoseconds; pcapng). */
const CAPTURES = ['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a'];

/** The flows of a file. Errors: UsageError naming the line that cannot be read, or where there is none at all. */
export function readFlows(bytes: Buffer, file: string): Flows {
  if (CAPTURES.includes(bytes.subarray(0, 4).toString('hex'))) throw new UsageError(`${file} is a packet capture, which \`policy impact\` does not read.`, { hint: `give it flows: ${FORMATS}` });
  const source = bytes.toString('utf8');
  const conntrack = isConntrack(source) && !source.trimStart().startsWith('{');
  const flows: Flow[] = [];
  let passedOver = 0;
  source.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const flow = conntrack ? conntrackFlow(line) : recordFlow(parse(line, `${file}:${index + 1}`));
    if (flow === undefined) passedOver += 1;
    else flows.push(flow);
  });
  if (flows.length === 0) throw new UsageError(`${file} has no flows of TCP, UDP or SCTP.`, { hint: `expected ${FORMATS}` });
  return { flows: joined(flows), passedOver };
}

function parse(line: string, where: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw new UsageError(`${where} is no flow: ${cause instanceof Error ? cause.message : String(cause)}`, { cause, hint: `expected ${FORMATS}` });
  }
}

/** Reads a file of flows, whatever recorded them. */
import { UsageError } from '../../core/errors.ts';
import { conntrackFlow, isConntrack } from './conntrack.ts';
import { joined, type Flow, type Flows } from './flow.ts';
import { recordFlow } from './records.ts';

const FORMATS = 'conntrack -L, hubble observe -o json, Calico flow logs, a packet capture, or lines of {"from", "to", "protocol", "port", "count"}';

/** The flows of a file. Errors: UsageError naming the line that cannot be read, or where there is none at all. */
export function readFlows(bytes: Buffer, file: string): Flows {
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

/** Connections that were seen, from whatever recorded them. */
import type { Protocol } from '../model/ports.ts';

export interface Flow {
  /** As a question names ends: an address, or `NAMESPACE/POD`. */
  from: string;
  to: string;
  protocol: Protocol;
  port: number;
  /** How often it was seen. */
  count: number;
}

/** What a file of flows comes to. */
export interface Flows {
  flows: Flow[];
  /** Lines that are no connection of TCP, UDP or SCTP: replies, other protocols, headings. */
  passedOver: number;
}

/** Joins equal flows. */
export function joined(flows: Iterable<Flow>): Flow[] {
  const found = new Map<string, Flow>();
  for (const flow of flows) {
    const key = `${flow.from}>${flow.to}>${flow.protocol}${flow.port}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { ...flow });
    else known.count += flow.count;
  }
  return [...found.values()];
}

/** Flows as JSON: Hubble's (`hubble observe -o json`), Calico's flow logs, or plain {"from", "to", "protocol", "port"}. */
import { at, fields, text, whole, type Fields } from '../../cluster/fields.ts';
import { TRANSPORTS, type Protocol } from '../model/ports.ts';
import type { Flow } from './flow.ts';

const protocolOf = (value: unknown): Protocol | undefined => {
  const name = typeof value === 'string' || typeof value === 'number' ? String(value).toUpperCase() : 'TCP';
  const known = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' }[name] ?? name;
  return TRANSPORTS.find((one) => one === known);
};

/** Flow of cilium's api/v1/flow: ends have a namespace and a pod's name where Cilium manages them. */
function hubble(flow: Fields): Flow | undefined {
  if (flow['is_reply'] === true) return undefined;
  const end = (key: 'source' | 'destination'): string | undefined => {
    const [namespace, pod] = [text(at(flow[key], 'namespace')), text(at(flow[key], 'pod_name'))];
    return namespace !== undefined && pod !== undefined ? `${namespace}/${pod}` : text(at(flow['IP'], key));
  };
  const protocol = TRANSPORTS.find((one) => at(flow['l4'], one) !== undefined);
  const port = whole(at(flow['l4'], protocol ?? '', 'destination_port'));
  const [from, to] = [end('source'), end('destination')];
  return protocol === undefined || port === undefined || from === undefined || to === undefined ? undefined : { from, to, protocol, port, count: 1 };
}

/** Calico's flow logs: addresses, where they are kept; names are of groups of pods. */
function calico(flow: Fields): Flow | undefined {
  const end = (side: 'source' | 'dest'): string | undefined => {
    const address = text(flow[`${side}_ip`]);
    const [namespace, name] = [text(flow[`${side}_namespace`]), text(flow[`${side}_name`])];
    if (address !== undefined) return address;
    return namespace !== undefined && namespace !== '-' && name !== undefined && name !== '-' ? `${namespace}/${name}` : undefined;
  };
  const [from, to, port, protocol] = [end('source'), end('dest'), whole(flow['dest_port']), protocolOf(flow['proto'])];
  return protocol === undefined || port === undefined || from === undefined || to === undefined ? undefined : { from, to, protocol, port, count: whole(flow['num_flows_started']) ?? 1 };
}

function plain(flow: Fields): Flow | undefined {
  const [from, to, port, protocol] = [text(flow['from']), text(flow['to']), whole(flow['port']), protocolOf(flow['protocol'])];
  return protocol === undefined || port === undefined || from === undefined || to === undefined ? undefined : { from, to, protocol, port, count: whole(flow['count']) ?? 1 };
}

/** The flow of one record; undefined for what is none. */
export function recordFlow(value: unknown): Flow | undefined {
  const record = fields(value);
  if (record['flow'] !== undefined) return hubble(fields(record['flow']));
  if (record['l4'] !== undefined) return hubble(record);
  return record['dest_port'] === undefined ? plain(record) : calico(record);
}

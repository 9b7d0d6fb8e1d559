/** Layer 4 of Cilium's rules: ports and ICMP types, and what of layer 7 hangs on each request. */
import type { Fields } from '../../cluster/fields.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { LAST_PORT, TRANSPORTS, wholeProtocol, type PortItem, type Protocol } from '../model/ports.ts';
import type { Checker } from './checker.ts';

export interface PortGroup {
  items: readonly PortItem[];
  condition?: string;
}

const PROTOCOLS = ['ANY', 'TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];

/** ICMP types by name (pkg/policy/api/icmp.go). */
const ICMP_TYPES: Readonly<Record<string, number>> = { EchoReply: 0, DestinationUnreachable: 3, Redirect: 5, Echo: 8, EchoRequest: 8, RouterAdvertisement: 9, RouterSelection: 10, TimeExceeded: 11, ParameterProblem: 12, Timestamp: 13, TimestampReply: 14, Photuris: 40, ExtendedEchoRequest: 42, ExtendedEchoReply: 43 };
const ICMPV6_TYPES: Readonly<Record<string, number>> = { DestinationUnreachable: 1, PacketTooBig: 2, TimeExceeded: 3, ParameterProblem: 4, EchoRequest: 128, EchoReply: 129, MulticastListenerQuery: 130, MulticastListenerReport: 131, MulticastListenerDone: 132, RouterSolicitation: 133, RouterAdvertisement: 134, NeighborSolicitation: 135, NeighborAdvertisement: 136, RedirectMessage: 137 };

function portItems(check: Checker, value: unknown, path: Path): PortItem[] {
  const given = check.map(value, path, ['port', 'endPort', 'protocol']) ?? {};
  const name = (check.text(given['protocol'], [...path, 'protocol']) ?? 'ANY').toUpperCase().replace('ICMPV6', 'ICMPv6');
  if (!PROTOCOLS.includes(name)) check.unsupported([...path, 'protocol'], name, PROTOCOLS);
  const protocols = name === 'ANY' ? TRANSPORTS : [name as Protocol];
  const port = typeof given['port'] === 'number' ? String(given['port']) : check.text(given['port'], [...path, 'port']) ?? '0';
  const end = check.int(given['endPort'], [...path, 'endPort']) ?? 0;
  if (!/^\d+$/.test(port)) {
    if (!/^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(port)) check.invalid([...path, 'port'], port, 'expected a port or the name of one');
    if (end > 0) check.invalid([...path, 'endPort'], end, 'may not be specified when `port` is non-numeric');
    return protocols.map((protocol) => ({ protocol, name: port }));
  }
  const from = Number(port);
  if (from > LAST_PORT) check.invalid([...path, 'port'], port, 'must be between 0 and 65535');
  if (end > 0 && (end < from || end > LAST_PORT)) check.invalid([...path, 'endPort'], end, 'must be greater than or equal to `port`, and at most 65535');
  // Port 0 is every port.
  return protocols.map((protocol) => (from === 0 ? wholeProtocol(protocol) : { protocol, from, to: end > 0 ? end : from }));
}

/** What requests, rather than connections, hang on; undefined where every request passes. */
function layer7(check: Checker, value: unknown, path: Path): string | undefined {
  const rules = check.map(value, path);
  const kinds = Object.entries(rules ?? {}).filter(([, listed]) => Array.isArray(listed) && listed.length > 0).filter(([kind, listed]) =>
    // All names of the DNS: the proxy looks, and lets everything through.
    !(kind === 'dns' && (listed as unknown[]).some((one) => (one as Fields | null)?.['matchPattern'] === '*')));
  return kinds.length === 0 ? undefined : `each request: layer 7 rules (${kinds.map(([kind]) => kind).join(', ')})`;
}

function icmpItems(check: Checker, value: unknown, path: Path): PortItem[] {
  const fields = check.list(check.map(value, path, ['fields'])?.['fields'], [...path, 'fields']) ?? [];
  return fields.flatMap((one, index) => {
    const at = [...path, 'fields', index];
    const given = check.map(one, at, ['family', 'type']) ?? {};
    const six = (check.text(given['family'], [...at, 'family']) ?? 'IPv4') === 'IPv6';
    const type = typeof given['type'] === 'number' ? given['type'] : /^\d+$/.test(String(given['type'])) ? Number(given['type']) : (six ? ICMPV6_TYPES : ICMP_TYPES)[String(given['type'])];
    if (type === undefined || type < 0 || type > 255) {
      check.invalid([...at, 'type'], given['type'], 'expected an ICMP type from 0 to 255, or its name');
      return [];
    }
    return [{ protocol: six ? 'ICMPv6' as const : 'ICMP' as const, from: type * 256, to: type * 256 + 255 }];
  });
}

/** The groups of ports of a rule; undefined where it says nothing of layer 4. */
export function ciliumPorts(check: Checker, rule: Fields, path: Path): PortGroup[] | undefined {
  const groups = (check.list(rule['toPorts'], [...path, 'toPorts']) ?? []).map((value, index): PortGroup => {
    const at = [...path, 'toPorts', index];
    const given = check.map(value, at, ['ports', 'rules', 'terminatingTLS', 'originatingTLS', 'serverNames', 'listener']) ?? {};
    const items = (check.list(given['ports'], [...at, 'ports']) ?? []).flatMap((one, number) => portItems(check, one, [...at, 'ports', number]));
    const conditions = [
      layer7(check, given['rules'], [...at, 'rules']),
      Array.isArray(given['serverNames']) && given['serverNames'].length > 0 ? 'the server name that the client asks for (serverNames)' : undefined,
      given['listener'] === undefined ? undefined : 'the Envoy listener that it is sent to',
    ].filter((one) => one !== undefined);
    return { items: items.length > 0 ? items : TRANSPORTS.map(wholeProtocol), ...(conditions.length > 0 ? { condition: conditions.join('; ') } : {}) };
  });
  const icmps = (check.list(rule['icmps'], [...path, 'icmps']) ?? []).flatMap((one, index) => icmpItems(check, one, [...path, 'icmps', index]));
  if (icmps.length > 0) groups.push({ items: icmps });
  return groups.length > 0 ? groups : undefined;
}

/** Protocols, ports and ICMP types of Calico's rules. */
import type { Fields } from '../../cluster/fields.ts';
import type { Path } from '../../cluster/manifests/origin.ts';
import { LAST_PORT, wholeProtocol, type PortItem, type PortMatch, type Protocol } from '../model/ports.ts';
import type { Checker } from './checker.ts';

/** Names of protocols, and the numbers of those that have a space of ports or types (IANA protocol numbers). */
const NAMED: Readonly<Record<string, Protocol>> = { tcp: 'TCP', udp: 'UDP', sctp: 'SCTP', icmp: 'ICMP', icmpv6: 'ICMPv6', 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6', 132: 'SCTP' };
const UDPLITE = 136;

/** A protocol as all of its ports; another protocol is one number of the space of others. */
function protocolItem(check: Checker, value: unknown, path: Path): PortItem | undefined {
  const key = String(value).toLowerCase();
  const known = NAMED[key];
  if (known !== undefined) return wholeProtocol(known);
  const number = key === 'udplite' ? UDPLITE : typeof value === 'number' || /^\d+$/.test(key) ? Number(key) : Number.NaN;
  if (!Number.isInteger(number) || number < 1 || number > 255) return check.invalid(path, value, 'expected TCP, UDP, ICMP, ICMPv6, SCTP, UDPLite or a number from 1 to 255');
  return { protocol: 'OTHER', from: number, to: number };
}

/** `80`, `"80:90"`, or the name of a port. */
function portItem(check: Checker, value: unknown, path: Path, protocol: Protocol): PortItem | undefined {
  if (typeof value === 'number' || /^\d+$/.test(String(value))) {
    const port = Number(value);
    return Number.isInteger(port) && port >= 0 && port <= LAST_PORT ? { protocol, from: port, to: port } : check.invalid(path, value, 'must be between 0 and 65535');
  }
  const range = /^(\d+):(\d+)$/.exec(String(value));
  if (range !== null) {
    const [from, to] = [Number(range[1]), Number(range[2])];
    return from <= to && to <= LAST_PORT ? { protocol, from, to } : check.invalid(path, value, 'expected a range MIN:MAX within 0 to 65535');
  }
  if (typeof value === 'string' && /^[a-zA-Z0-9_.-]{1,128}$/.test(value)) return { protocol, name: value };
  return check.invalid(path, value, 'expected a port, a range MIN:MAX or the name of a port');
}

function icmpItem(check: Checker, value: unknown, path: Path, protocol: Protocol): PortItem | undefined {
  const icmp = check.map(value, path, ['type', 'code']);
  if (icmp === undefined) return undefined;
  const [type, code] = [check.int(icmp['type'], [...path, 'type']), check.int(icmp['code'], [...path, 'code'])];
  if (type === undefined) return code === undefined ? wholeProtocol(protocol) : check.required([...path, 'type'], 'a code needs a type');
  return { protocol, from: type * 256 + (code ?? 0), to: type * 256 + (code ?? 255) };
}

/** The ports that a rule matches at the destination. */
export function calicoPorts(check: Checker, rule: Fields, destination: Fields, path: Path): PortMatch {
  const given = rule['protocol'];
  const item = given === undefined || given === null ? undefined : protocolItem(check, given, [...path, 'protocol']);
  const protocol = item?.protocol;
  const hasPorts = protocol === 'TCP' || protocol === 'UDP' || protocol === 'SCTP' || (item !== undefined && 'from' in item && item.protocol === 'OTHER' && item.from === UDPLITE);
  const ports = (key: 'ports' | 'notPorts'): PortItem[] => {
    const listed = check.list(destination[key], [...path, 'destination', key]) ?? [];
    if (listed.length > 0 && !hasPorts) check.invalid([...path, 'destination', key], listed, 'rules that specify ports must set protocol to TCP, UDP, SCTP or UDPLite');
    return protocol === undefined ? [] : listed.flatMap((one, index) => portItem(check, one, [...path, 'destination', key, index], protocol) ?? []);
  };
  const [included, excluded] = [ports('ports'), ports('notPorts')];
  const icmp = protocol === 'ICMP' || protocol === 'ICMPv6' ? icmpItem(check, rule['icmp'], [...path, 'icmp'], protocol) : undefined;
  if (rule['icmp'] !== undefined && rule['icmp'] !== null && protocol !== 'ICMP' && protocol !== 'ICMPv6') check.invalid([...path, 'icmp'], rule['icmp'], 'rules that specify ICMP fields must set protocol to ICMP or ICMPv6');
  const notIcmp = protocol === 'ICMP' || protocol === 'ICMPv6' ? icmpItem(check, rule['notICMP'], [...path, 'notICMP'], protocol) : undefined;
  const other = rule['notProtocol'];
  const notProtocol = other === undefined || other === null ? undefined : protocolItem(check, other, [...path, 'notProtocol']);
  return {
    include: included.length > 0 ? included : icmp !== undefined ? [icmp] : item !== undefined ? [item] : 'any',
    exclude: [...excluded, ...(notIcmp === undefined ? [] : [notIcmp]), ...(notProtocol === undefined ? [] : [notProtocol])],
  };
}

/** Blocks of addresses as policies write them: a prefix without the parts that are excepted. */
import ipaddr from 'ipaddr.js';
import { contains, formatPrefix, parsePrefix, type Prefix } from '../../net/prefix.ts';

export interface Block {
  cidr: Prefix;
  except: readonly Prefix[];
}

export interface Address {
  value: bigint;
  width: 32 | 128;
}

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

/** An address of either family; undefined for anything else. IPv4 in IPv6 (`::ffff:10.0.0.1`) is IPv4. */
export function parseAddress(text: string): Address | undefined {
  const parts = V4.exec(text);
  if (parts !== null) {
    const bytes = parts.slice(1).map(Number);
    if (bytes.some((byte) => byte > 255)) return undefined;
    return { value: BigInt(bytes.reduce((sum, byte) => sum * 256 + byte, 0)), width: 32 };
  }
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  return { value: address.toByteArray().reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n), width: address.kind() === 'ipv4' ? 32 : 128 };
}

/** Why a text is no prefix as the API server reads them; undefined when it is one. Host bits are allowed. */
export function prefixFault(text: string): string | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const parsed = parseAddress(address);
  const whole = /^\d{1,3}$/.test(length) && rest.length === 0;
  return parsed !== undefined && whole && Number(length) <= (address.includes(':') ? 128 : 32) ? undefined : 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';
}

/** Whether bits behind the prefix' length are set: `10.0.0.1/8`. */
export function hasHostBits(text: string): boolean {
  const address = parseAddress(text.slice(0, text.indexOf('/')));
  return address !== undefined && parsePrefix(text).network !== address.value;
}

/** The prefix of one address. */
export function hostPrefix(address: Address): Prefix {
  return { network: address.value, length: address.width, width: address.width };
}

/** Whether an address lies in a block. */
export function inBlock(block: Block, address: Address): boolean {
  const host = hostPrefix(address);
  return contains(block.cidr, host) && !block.except.some((one) => contains(one, host));
}

/** `10.0.0.0/8 except 10.1.0.0/16`. */
export function blockText(block: Block): string {
  const except = block.except.map(formatPrefix).join(', ');
  return except === '' ? formatPrefix(block.cidr) : `${formatPrefix(block.cidr)} except ${except}`;
}

/** A block of texts that have been checked. */
export function blockOf(cidr: string, except: readonly string[] = []): Block {
  return { cidr: parsePrefix(cidr), except: except.map(parsePrefix) };
}

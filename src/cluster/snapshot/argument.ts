/** Arguments of containers: names of flags are kept, values only where the flag is one of networking and the value is plain. */
import { isPlainValue, looksSecret, namesSecret } from './values.ts';

/** Stands for what is not kept. */
export const HIDDEN = '…';

/** Flags whose values say something about addresses, ports, sizes, interfaces or modes. */
const FLAG = /(^|[-_])(cidrs?|ips?|ipv[46]|ranges?|address(es)?|ports?|hosts?|listen|bind|iface|interface|mtu|mode|masq|masquerade[-a-z]*|metallb[-a-z]*|network|domain|backend|proxy|masks?|size|max[-a-z]*|min[-a-z]*|arp|scheduler|endpoint|webhook[-a-z]*|disable|enable[-a-z]*|allocate-node-cidrs|cluster-cidr|metrics[-a-z]*)$/i;
/** Words that such flags take: short, of lower-case letters. */
const WORD = /^(true|false|none|auto|iptables|ipvs|nftables|ip|ipv4|ipv6|vxlan|host-gw|ipip|wireguard(-native)?|kernelspace|userspace|layer2|bgp|memberlist|all|local|cluster)$/;
/** Network devices, as flags for interfaces name them. */
const DEVICE = /^[a-z]{2,8}[0-9]{0,4}([.-][a-z0-9]{1,8})?$/;

const plain = (flag: string, value: string): boolean =>
  FLAG.test(flag) && !namesSecret(flag) && !looksSecret(value) && (isPlainValue(value) || WORD.test(value) || (/iface|interface$/.test(flag) && DEVICE.test(value)));

/** The arguments with everything hidden that is not plainly harmless. The first one of a command may be the program's path. */
export function keepArguments(words: unknown, isCommand: boolean): string[] | undefined {
  if (!Array.isArray(words)) return undefined;
  let flag: string | undefined;
  return words.slice(0, 200).map((word: unknown, at) => {
    const [text, before] = [typeof word === 'string' ? word : '', flag];
    flag = undefined;
    const match = /^(--?)([A-Za-z][\w.-]{0,63})(?:=(.*))?$/s.exec(text);
    if (match !== null) {
      const [, dashes = '', name = '', value] = match;
      if (looksSecret(name)) return HIDDEN;
      if (value !== undefined) return `${dashes}${name}=${plain(name, value) ? value : HIDDEN}`;
      flag = name;
      return text;
    }
    if (before !== undefined && plain(before, text)) return text;
    const isProgram = at === 0 && isCommand && /^\/?([\w.-]+\/)*[\w.-]+$/.test(text) && text.length <= 64 && !looksSecret(text);
    return isProgram ? text : HIDDEN;
  });
}

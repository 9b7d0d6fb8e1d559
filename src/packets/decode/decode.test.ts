/** Parts of the decoders against independent readings of the same: ipaddr.js, a naive list of fragments, hand-made messages. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { applicationOf, serverName } from './application.ts';
import { AddressBook, ipv4Text, macText } from './address-book.ts';
import { checksum } from './checksum.ts';
import { dnsName, readDns } from './dns.ts';
import { Fragments } from './fragments.ts';
import { Packet } from './packet.ts';
import { sctpChunks } from './sctp.ts';
import { isWireguard } from './wireguard.ts';

const bytes = (size: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: size, maxLength: size });

describe('addresses', () => {
  it('are written as ipaddr.js writes them, and have one number each', () => {
    const sparse = bytes(16).chain((all) => fc.nat(0xffff).map((mask) => all.map((byte, at) => (((mask >> (at >> 1)) & 1) === 0 ? 0 : byte))));
    fc.assert(fc.property(fc.array(sparse, { maxLength: 40 }), (list) => {
      const book = new AddressBook();
      const numbers = list.map((one) => book.number(one, 0));
      expect(numbers.map((number) => book.text(number))).toEqual(list.map((one) => ipaddr.fromByteArray([...one]).toString()));
      expect(list.map((one) => book.number(one, 0))).toEqual(numbers);
      expect(new Set(numbers).size).toBe(new Set(list.map((one) => Buffer.from(one).toString('hex'))).size);
    }));
    fc.assert(fc.property(bytes(4), (one) => {
      expect(ipv4Text(Buffer.from(one).readInt32BE())).toBe([...one].join('.'));
    }));
  });

  it('share one number when there are too many, and are counted', () => {
    const book = new AddressBook(2);
    const number = (last: number): number => book.number(Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? last : 0)), 0);
    expect([number(1), number(2), number(3), number(4), number(1), book.missed, book.text(2)]).toEqual([0, 1, 2, 2, 0, 2, '(one of too many IPv6 addresses)']);
  });

  it('of Ethernet', () => expect(macText(Uint8Array.of(9, 0, 0xee, 1, 0x20, 3, 0xff), 1)).toBe('00:ee:01:20:03:ff'));
});

it('checksums are those of RFC 1071, by 16-bit words', () => {
  expect(checksum(Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7), 0, 8, 0)).toBe(0xffff ^ 0xddf2);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 3000 }), (data) => {
    let sum = 0;
    data.forEach((byte, at) => {
      sum += at % 2 === 0 ? byte << 8 : byte;
      sum = (sum & 0xffff) + (sum >> 16);
    });
    expect(checksum(data, 0, data.length, 0)).toBe(0xffff ^ sum);
  }));
});

describe('fragments', () => {
  const packet = (time: number, payload: Uint8Array): Packet => {
    const one = new Packet();
    one.start(payload, 0, payload.length, 1, time, 0, payload.length);
    one.family = 4;
    one.protocol = 6;
    one.at = 0;
    one.size = payload.length;
    one.captured = payload.length;
    return one;
  };

  it('make a datagram exactly when all of it is there, in any order and with repetitions', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 8 });
    fc.assert(fc.property(cuts, fc.infiniteStream(fc.nat(1000)), (sizes, chance) => {
      let offset = 0;
      const parts = sizes.map((size, at) => {
        const part = { offset, size: size * 8, more: at < sizes.length - 1 };
        offset += part.size;
        return part;
      });
      const fragments = new Fragments();
      const came = new Set<number>();
      for (let turn = 0; turn < 200; turn++) {
        const at = (chance.next().value as number) % parts.length;
        const { offset: from, size, more } = parts[at] as (typeof parts)[number];
        came.add(at);
        const whole = fragments.add(packet(turn, new Uint8Array(size).fill(at)), 7, from, more);
        expect(whole === undefined ? undefined : [whole.size, whole.head[0]]).toEqual(came.size === parts.length ? [offset, 0] : undefined);
        if (came.size === parts.length) return;
      }
    }));
  });

  it('are given up after a minute', () => {
    const fragments = new Fragments();
    expect(fragments.add(packet(0, new Uint8Array(8)), 1, 0, true)).toBeUndefined();
    expect(fragments.add(packet(61e9, new Uint8Array(8)), 1, 8, false)).toBeUndefined();
  });
});

describe('messages', () => {
  const question = Buffer.from('123481830001000000000000035745420466cc6f2e076578616d706c650000010001', 'hex');
  const read = (data: Uint8Array): unknown => {
    const message = readDns(data, 0, data.length);
    return message === undefined ? undefined : [message.id, message.response, message.result, message.type, dnsName(data, message.nameAt, message.nameEnd)];
  };
  it('DNS: names in small letters, what is not printable escaped', () => expect(read(question)).toEqual([0x1234, true, 3, 1, 'web.f\\204o\\046.example']));
  it('DNS: nothing that is cut or points elsewhere', () => {
    for (let size = 0; size < question.length; size++) expect(read(question.subarray(0, size))).toBeUndefined();
    expect(read(Buffer.from('123400000001000000000000c00c00010001', 'hex'))).toBeUndefined();
  });
  it('never throw, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
      read(data);
      applicationOf(data, 0, data.length);
      serverName(data, 0, data.length);
      sctpChunks(data, 0, data.length, () => undefined);
      if (data.length >= 4) isWireguard(data, 0, data.length);
    }), { numRuns: 2000 });
  });

  const hello = (name: string): Buffer => {
    const sni = Buffer.concat([Buffer.from([0, 0, 0, name.length + 5, 0, name.length + 3, 0, 0, name.length]), Buffer.from(name)]);
    const extensions = Buffer.concat([Buffer.from([0, 43, 0, 3, 2, 3, 4]), sni]);
    const body = Buffer.concat([Buffer.from([3, 3]), Buffer.alloc(32), Buffer.from([0, 0, 2, 0x13, 1, 1, 0, 0, extensions.length]), extensions]);
    return Buffer.concat([Buffer.from([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body]);
  };
  it.each<[string, Buffer, unknown]>([
    ['TLS', hello('api.example.com'), { kind: 'tls', detail: 'api.example.com' }],
    ['HTTP/2', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), { kind: 'http/2', detail: '' }],
    ['HTTP/1, without what may be secret', Buffer.from('GET http://me:word@host/path?token=1 HTTP/1.1\r\n'), { kind: 'http/1', detail: 'GET http://host/path' }],
    ['an answer of HTTP/1', Buffer.from('HTTP/1.1 503 Service Unavailable\r\n'), { kind: 'http/1', detail: '503' }],
    ['something else', Buffer.from('\x00\x01\x02\x03\x04\x05\x06'), undefined],
  ])('%s', (_what, data, found) => expect(applicationOf(data, 0, data.length)).toEqual(found));
  it('TLS that is cut has no name', () => {
    const whole = hello('api.example.com');
    for (let size = 6; size < whole.length; size++) expect(serverName(whole, 0, size)).toBeUndefined();
  });

  it('SCTP chunks are walked to the end, and cut ones are not', () => {
    const data = Buffer.from([1, 0, 0, 6, 9, 9, 0, 0, 6, 0, 0, 4]);
    const kinds: number[] = [];
    expect([sctpChunks(data, 0, 12, (kind) => kinds.push(kind)), kinds]).toEqual([true, [1, 6]]);
    expect(sctpChunks(data, 0, 11, () => undefined)).toBe(false);
    expect(sctpChunks(Buffer.from([1, 0, 0, 3]), 0, 4, () => undefined)).toBe(false);
  });

  it('WireGuard is told by type and size', () => {
    expect([[1, 148], [2, 92], [3, 64], [4, 32], [4, 33], [1, 147], [5, 64]].map(([type, size]) => isWireguard(Uint8Array.of(type as number, 0, 0, 0), 0, size as number))).toEqual([true, true, true, true, false, false, false]);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPrefix } from '../../net/prefix.ts';
import { blockOf, blockText, inBlock, parseAddress, type Address } from '../model/block.ts';
import { PROTOCOLS, type PortItem } from '../model/ports.ts';
import { AddressSpace } from './address-space.ts';
import { addInto, allBits, bitsOf, both, countBits, hasBit, isEmpty, meets, membersOf, without } from './bits.ts';
import { PortSpace } from './port-space.ts';
import { SetTable } from './set-table.ts';

const members = fc.uniqueArray(fc.nat(99), { maxLength: 40 });

describe('bits', () => {
  it('are sets', () => {
    fc.assert(fc.property(members, members, (a, b) => {
      const [x, y, in_b] = [bitsOf(100, a), bitsOf(100, b), (one: number): boolean => b.includes(one)];
      const sorted = a.toSorted((one, other) => one - other);
      expect(membersOf(x)).toEqual(sorted);
      expect(membersOf(both(x, y))).toEqual(sorted.filter(in_b));
      expect(membersOf(without(x, y))).toEqual(sorted.filter((one) => !in_b(one)));
      expect([meets(x, y), countBits(x), isEmpty(x), hasBit(x, 99)]).toEqual([a.some(in_b), a.length, a.length === 0, a.includes(99)]);
      addInto(x, y);
      expect(new Set(membersOf(x))).toEqual(new Set([...a, ...b]));
    }));
    expect([0, 1, 31, 32, 33, 64].map((size) => membersOf(allBits(size)).length)).toEqual([0, 1, 31, 32, 33, 64]);
  });
});

describe('the table of sets', () => {
  it('knows equal sets by one number', () => {
    const table = new SetTable(100);
    fc.assert(fc.property(members, members, (a, b) => {
      const [x, y] = [bitsOf(100, a), bitsOf(100, b)];
      const [i, j] = [table.intern(x), table.intern(y)];
      expect(table.and(i, j)).toBe(table.intern(both(x, y)));
      expect(table.minus(i, j)).toBe(table.intern(without(x, y)));
      expect(membersOf(table.bits(table.or(i, j)))).toEqual([...new Set([...a, ...b])].toSorted((one, other) => one - other));
      expect(table.isEmpty(i)).toBe(a.length === 0);
    }));
  });
});

describe('ports', () => {
  const port = fc.oneof(fc.constantFrom(0, 1, 80, 65_534, 65_535), fc.nat(65_535));
  const range = fc.tuple(fc.constantFrom(...PROTOCOLS), port, port).map(([protocol, a, b]) => ({ protocol, from: Math.min(a, b), to: Math.max(a, b) }));

  it('of a rule are exactly those of its atoms', () => {
    fc.assert(fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 3 }), fc.constantFrom(...PROTOCOLS), port, (include, exclude, protocol, asked) => {
      const space = new PortSpace([...include, ...exclude]);
      const covers = (items: typeof include): boolean => items.some((one) => one.protocol === protocol && one.from <= asked && asked <= one.to);
      const id = space.setOf({ include, exclude }, []);
      expect(space.sets.has(id, space.atom(protocol, asked))).toBe(covers(include) && !covers(exclude));
      expect(covers(space.rangesOf(id))).toBe(covers(include) && !covers(exclude));
      expect(space.sets.has(space.setOf({ include: 'any', exclude }, []), space.atom(protocol, asked))).toBe(!covers(exclude));
    }));
  });

  it('with names are those of the destination, of the same protocol', () => {
    const space = new PortSpace([{ protocol: 'TCP', from: 8080, to: 8080 }, { protocol: 'UDP', from: 9, to: 9 }]);
    const items: PortItem[] = [{ protocol: 'TCP', name: 'http' }];
    const at = (number: number, protocol = 'TCP'): unknown => space.rangesOf(space.setOf({ include: items, exclude: [] }, [{ name: 'http', protocol, port: number }]));
    expect([at(8080), at(9, 'UDP')]).toEqual([[{ protocol: 'TCP', from: 8080, to: 8080 }], []]);
  });
});

describe('addresses', () => {
  const v4 = fc.tuple(fc.constantFrom(10, 192), fc.nat(3), fc.constant(0), fc.nat(3)).map((parts) => parts.join('.'));
  const v6 = fc.tuple(fc.nat(3), fc.nat(3)).map(([a, b]) => `fd00:${a}::${b}`);
  const block = fc.oneof(
    fc.tuple(v4, fc.nat(32), fc.array(fc.tuple(v4, fc.nat(32)), { maxLength: 2 })),
    fc.tuple(v6, fc.nat(128), fc.array(fc.tuple(v6, fc.nat(128)), { maxLength: 2 })),
  ).map(([cidr, length, except]) => blockOf(`${cidr}/${length}`, except.map(([address, more]) => `${address}/${more}`)));

  it('are in exactly the blocks of their class', () => {
    fc.assert(fc.property(fc.array(block, { maxLength: 5 }), fc.oneof(v4, v6), (blocks, text) => {
      const space = new AddressSpace(blocks);
      const address = parseAddress(text) as Address;
      const found = space.classes[space.classOf(address)];
      expect([...(found?.blocks ?? [])].toSorted()).toEqual([...new Set(blocks.filter((one) => inBlock(one, address)).map(blockText))].toSorted());
      expect(found?.ranges.some((one) => one.width === address.width && one.from <= address.value && address.value <= one.to)).toBe(true);
    }));
  });

  it.each(['10.0.0.1', '::ffff:10.0.0.1'])('%s is an IPv4 address', (text) => {
    expect(parseAddress(text)).toEqual({ value: 0x0a00_0001n, width: 32 });
  });

  it.each(['', '10.0.0', '10.0.0.256', 'fd00::g', 'x', '1.2.3.4/8'])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(formatPrefix(blockOf('10.0.0.9/8').cidr)).toBe('10.0.0.0/8');
  });
});

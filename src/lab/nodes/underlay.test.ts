import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namespaceName } from '../paths.ts';
import { isLabNamespace } from './underlay.ts';

const lab = fc.stringMatching(/^[a-z][a-z0-9-]{0,11}$/);
const members = (name: string): string[] => ['net', 'outside', `${name}-server-1`, `${name}-agent-12`];

describe('isLabNamespace', () => {
  it("knows a lab's own namespaces", () => {
    fc.assert(fc.property(lab, (name) => members(name).every((member) => isLabNamespace(namespaceName(name, member), name))));
  });

  it('never takes those of a lab whose name begins the same', () => {
    fc.assert(fc.property(lab, lab, (mine, other) => {
      fc.pre(mine !== other);
      expect(members(other).filter((member) => isLabNamespace(namespaceName(other, member), mine))).toEqual([]);
    }));
    expect(isLabNamespace('fl-a-b-net', 'a')).toBe(false);
    expect(isLabNamespace('fl-a-b-net', 'a-b')).toBe(true);
  });

  it('knows no others', () => {
    for (const name of ['fl-a', 'fl-a-', 'fl-a-other', 'cni-1234', 'xfl-a-net']) expect(isLabNamespace(name, 'a')).toBe(false);
  });
});

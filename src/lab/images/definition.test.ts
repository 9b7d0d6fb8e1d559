import { describe, expect, it } from 'vitest';
import { orderedEntries } from './definition.ts';

describe('orderedEntries', () => {
  it('adds parents, sorts by path and puts hard links last', () => {
    const entries = orderedEntries([
      { kind: 'hardlink', path: '/a/copy', target: '/opt/bin/tool' },
      { kind: 'file', path: '/opt/bin/tool', source: '/bin/true', mode: 0o755 },
      { kind: 'directory', path: '/tmp', mode: 0o1777 },
    ]);
    expect(entries.map((entry) => `${entry.kind} ${entry.path}`)).toEqual(['directory /a', 'directory /opt', 'directory /opt/bin', 'file /opt/bin/tool', 'directory /tmp', 'hardlink /a/copy']);
  });

  it('merges equal duplicates and refuses different ones', () => {
    const library = { kind: 'file', path: '/lib/libc.so.6', source: '/lib/libc.so.6', mode: 0o755 } as const;
    expect(orderedEntries([library, { ...library }])).toHaveLength(2);
    expect(() => orderedEntries([library, { ...library, source: '/other' }])).toThrow('/lib/libc.so.6 is defined twice');
  });

  it('refuses relative paths and hard links to nowhere', () => {
    expect(() => orderedEntries([{ kind: 'directory', path: 'tmp', mode: 0o755 }])).toThrow('absolute path');
    expect(() => orderedEntries([{ kind: 'hardlink', path: '/a', target: '/b' }])).toThrow('no file /b');
  });
});

import { describe, expect, it } from 'vitest';
import { libraryClosure, parseLdd } from './library-closure.ts';
import { hostProgram } from './host-programs.ts';

const SEVERAL = `/usr/bin/ip:
\tlinux-vdso.so.1 (0x00007ffc8f5d6000)
\tlibbpf.so.1 => /lib/x86_64-linux-gnu/libbpf.so.1 (0x00007f4c0a6c7000)
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f4c0a4bb000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007f4c0a7d5000)
/usr/bin/dash:
\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f11aa4bb000)
/usr/bin/busybox:
\tnot a dynamic executable
`;

describe('parseLdd', () => {
  it('reads several programs at once, each library once, the loader too', () => {
    expect(parseLdd(SEVERAL)).toEqual(['/lib/x86_64-linux-gnu/libbpf.so.1', '/lib/x86_64-linux-gnu/libc.so.6', '/lib64/ld-linux-x86-64.so.2']);
  });

  it('reads a static program as needing nothing', () => {
    expect(parseLdd('\tstatically linked\n')).toEqual([]);
  });

  it('says which library is missing', () => {
    expect(() => parseLdd('\tlibwanted.so.3 => not found\n')).toThrow('libwanted.so.3 => not found');
  });
});

describe.skipIf(process.platform !== 'linux')('libraryClosure', () => {
  it('gives a real program its C library and loader as real files', async () => {
    const entries = await libraryClosure([await hostProgram('dash')]);
    const paths = entries.map((entry) => entry.path);
    expect(paths.some((path) => path.endsWith('/libc.so.6'))).toBe(true);
    expect(paths.some((path) => /\/ld-linux[^/]*\.so/.test(path))).toBe(true);
  });

  it('is empty for no programs', async () => {
    expect(await libraryClosure([])).toEqual([]);
  });
});

import { expect, test } from 'vitest';
import { checksumOf } from './checksums.ts';

const a = 'a'.repeat(64);
const b = 'B'.repeat(64);

test('a bare digest is that of the file beside it', () => {
  expect(checksumOf('kubelet', `${a}\n`)).toBe(a);
});

test('lists are searched by name, with or without folders and in binary mode', () => {
  const list = `${a}  k3s-airgap-images-amd64.tar\n${b} *dist/artifacts/k3s\n`;
  expect(checksumOf('k3s', list)).toBe(b.toLowerCase());
  expect(checksumOf('k3s-airgap-images-amd64.tar', list)).toBe(a);
});

test.each([
  ['another name', `${a}  k3s-arm64\n`],
  ['a digest of another length', `${a.slice(1)}  k3s\n`],
  ['an error page', '<html>404</html>'],
  ['nothing', ''],
])('%s is no checksum', (_, published) => {
  expect(checksumOf('k3s', published)).toBeUndefined();
});

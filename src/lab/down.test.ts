import { describe, expect, it } from 'vitest';
import { mountsBelow } from './down.ts';

const mountinfo = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
40 22 0:50 / /lab/a/nodes/one rw - overlay overlay rw
41 40 0:51 / /lab/a/nodes/one/kubelet rw shared:5 - tmpfs tmpfs rw
42 22 0:52 / /lab/a-b/nodes/one rw - overlay overlay rw
43 22 0:53 / /lab/a rw - tmpfs tmpfs rw
`;

describe('mountsBelow', () => {
  it('names mounts at and below a directory, the last made first', () => {
    expect(mountsBelow('/lab/a', mountinfo)).toEqual(['/lab/a', '/lab/a/nodes/one/kubelet', '/lab/a/nodes/one']);
  });

  it('leaves directories alone whose name only begins the same', () => {
    expect(mountsBelow('/lab/a-b', mountinfo)).toEqual(['/lab/a-b/nodes/one']);
    expect(mountsBelow('/lab/c', mountinfo)).toEqual([]);
  });
});

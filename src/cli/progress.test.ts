import { describe, expect, it } from 'vitest';

import { createProgress, formatDuration } from './progress.ts';

function written(terminal: boolean, use: (progress: ReturnType<typeof createProgress>, tick: (ms: number) => void) => void): string {
  let text = '';
  let clock = 0;
  const progress = createProgress({ stderr: (piece) => (text += piece), isTerminal: { stderr: terminal } }, () => clock);
  use(progress, (ms) => (clock += ms));
  progress.stop();
  return text;
}

describe('progress', () => {
  it('writes one line per event where there is no terminal', () => {
    const text = written(false, (progress, tick) => {
      progress.start('Starting node n1', { usually: 9000 });
      progress.waiting('kubelet');
      progress.waiting('kubelet');
      progress.line('kubelet answered');
      tick(4200);
      progress.done('Node n1 is ready');
    });
    expect(text).toBe('Starting node n1 (usually 9.0 s)\n  waiting for kubelet\nkubelet answered\nNode n1 is ready (4.2 s)\n');
  });

  it('redraws one line on a terminal and removes it', () => {
    const text = written(true, (progress, tick) => {
      progress.start('Starting');
      tick(1500);
      progress.waiting('etcd');
    });
    expect(text).toContain('Starting: waiting for etcd (1.5 s)');
    expect(text).not.toContain('\n');
    expect(text.endsWith('\r\u001b[2K')).toBe(true);
  });

  it.each([
    [950, '950 ms'],
    [4210, '4.2 s'],
    [125_000, '2 min 05 s'],
  ])('formats %d ms', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

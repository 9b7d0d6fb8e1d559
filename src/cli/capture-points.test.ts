/** `fairlead capture` over several capture points: interfaces of one file, files of several hosts, recordings. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { CaptureReport } from '../packets/report/schema.ts';
import { Tcp } from '../packets/tcp/flags.ts';
import { ethernet, ip } from '../packets/testing/frames.ts';
import { pcapFile } from '../packets/testing/files.ts';
import { HOST_MAC, POD, POD_MAC, Scene, WEB } from '../packets/testing/scenes.ts';
import { capturesOf, data, example, PATIENCE, seen } from './testing/captures.ts';
import { runMain } from './testing/run-main.ts';

const { dir, report } = capturesOf();

describe('several capture points', () => {
  const VETH = 0;
  const UPLINK = 1;
  /** A request to a Service that is translated behind the first point, and a third of whose packets are lost there. */
  const translated = (): Scene => {
    const scene = new Scene();
    for (let at = 0; at < 9; at++) {
      const what = { seq: 1000 + at * 10, ack: 1, flags: Tcp.ack, payload: data(10) };
      scene.tcp(POD, 40_000, '10.43.0.20', 80, what, { interface: VETH, ip: { id: 100 + at } });
      if (at % 3 !== 2) scene.tcp(POD, 40_000, WEB, 8080, what, { interface: UPLINK, ip: { id: 100 + at } });
      scene.wait(100);
    }
    return scene;
  };

  it('packets are followed through DNAT, and what is lost between two points is told', async () => {
    const result = await report(translated().pcapng([{ name: 'cali1' }, { name: 'eth0' }]));
    expect(seen(result)['lost-between']).toBe(3);
    expect(example(result, 'lost-between')).toBe('TCP 10.42.1.5:40000 → 10.43.0.20:80 (elsewhere TCP 10.42.1.5:40000 → 10.42.2.6:8080): 3 packets passed cali1 and did not reach eth0; 6 did');
    expect(result.paths).toEqual([{ flow: expect.stringContaining('10.43.0.20:80') as string, points: ['cali1', 'eth0'], delay: '1 µs', packets: 9 }]);
  }, PATIENCE);

  it('files of two hosts, too', async () => {
    const { frames } = translated();
    const part = (point: number, ahead: bigint): Uint8Array => {
      const scene = new Scene();
      for (const frame of frames) if (frame.interface === point) scene.frames.push({ time: frame.time + ahead, bytes: frame.bytes });
      // Traffic that goes on: the loss is not at the end of the capture.
      scene.frames.push({ time: (frames.at(-1)?.time ?? 0n) + ahead + 10_000_000_000n, bytes: ethernet(POD_MAC, HOST_MAC, 0x0800, ip(POD, WEB, 17, Buffer.alloc(8))) });
      return scene.pcap();
    };
    const result = await report([part(VETH, 0n), part(UPLINK, 0n)]);
    expect(seen(result)['lost-between']).toBe(3);
    expect(result.files.map(({ packets }) => packets)).toEqual([10, 7]);
  }, PATIENCE);

  /** Frames of two points as two files, each with its own traffic before, in between and after: `second` names the seconds that the second file has. */
  const twoFiles = (scene: Scene, begins: number, ends: number): Uint8Array[] => [VETH, UPLINK].map((point) => {
    const part = new Scene();
    const [start, noise] = [(scene.frames[0]?.time ?? 0n) - 100_000_000n, ethernet(POD_MAC, HOST_MAC, 0x0800, ip(POD, WEB, 17, Buffer.alloc(8)))];
    const [from, to] = point === VETH ? [0, 60] : [begins, ends];
    const at = (seconds: number): bigint => start + BigInt(Math.round(seconds * 1000)) * 1_000_000n;
    part.frames.push({ time: at(from), bytes: noise }, ...scene.frames.filter((frame) => frame.interface === point && frame.time >= at(from) && frame.time <= at(to)).map(({ time, bytes }) => ({ time, bytes })), { time: at(to), bytes: noise });
    return part.pcap();
  });

  it('packets that are the same three times over are not lost where each has its copy in the other file', async () => {
    const scene = new Scene();
    // A datagram without an identification, as router solicitations are (RFC 4861, §4.1).
    for (let at = 0; at < 3; at++, scene.wait(4000)) for (const point of [VETH, UPLINK]) scene.tcp(POD, 40_000, WEB, 8080, { seq: 1, ack: 1, flags: Tcp.ack, payload: data(10) }, { interface: point, ip: { id: 0 } });
    expect(seen(await report(twoFiles(scene, 0, 60)))['lost-between']).toBeUndefined();
  }, PATIENCE);

  it.each([['before the other file begins', 2, 60], ['after the other file has ended', 0, 1]] as const)('packets of a flow that all passed %s were not lost', async (_what, begins, ends) => {
    const scene = new Scene();
    const pass = (port: number, points: readonly number[]): void => { for (let at = 0; at < 5; at++, scene.wait(10)) for (const point of points) scene.tcp(POD, port, WEB, 8080, { seq: 1000 + at * 10, ack: 1, flags: Tcp.ack, payload: data(10) }, { interface: point, ip: { id: port + at } }); };
    if (begins === 0) pass(40_000, [VETH, UPLINK]);
    scene.wait(1500);
    pass(41_000, [VETH]);
    scene.wait(1500);
    if (begins > 0) pass(40_000, [VETH, UPLINK]);
    expect(seen(await report(twoFiles(scene, begins, ends)))['lost-between']).toBeUndefined();
    // The same packets while the other file has everything.
    expect(seen(await report(twoFiles(scene, 0, 60)))['lost-between']).toBe(5);
  }, PATIENCE);

  it('the way of packets is told by the least delays in both directions, and not by who had to wait', async () => {
    const scene = new Scene();
    let id = 1;
    /** One packet that passes these points, each this many milliseconds after the one before. */
    const pass = (from: string, fromPort: number, to: string, toPort: number, after: number, ...points: number[]): void => {
      for (const [at, point] of points.entries()) scene.wait(at === 0 ? 1 : after).tcp(from, fromPort, to, toPort, { seq: 1000 + id * 10, ack: 1, flags: Tcp.ack, payload: data(10) }, { interface: point, ip: { id } });
      id++;
    };
    for (let at = 0; at < 5; at++) {
      pass(POD, 40_000, WEB, 80, 0.02, VETH, UPLINK);
      pass(WEB, 80, POD, 40_000, 0.02, UPLINK, VETH);
      pass(POD, 40_001, WEB, 81, 10, VETH, UPLINK);
      // Somebody else's, which never passes the first point.
      pass('192.0.2.99', 40_002, WEB, 80, 0, UPLINK);
    }
    const result = await report(twoFiles(scene, 0, 60));
    expect(seen(result)['lost-between']).toBeUndefined();
    expect(result.paths.find(({ flow }) => flow.includes(`${WEB}:80`) && flow.startsWith(`TCP ${POD}`))?.delay).toBe('21 µs');
  }, PATIENCE);

  it('packets that the first file no longer has tell nothing of its clock', async () => {
    const scene = new Scene();
    let id = 1;
    const pass = (there: boolean, after: number, ...points: number[]): void => {
      for (const [at, point] of points.entries()) {
        scene.wait(at === 0 ? 1 : after);
        if (there) scene.tcp(POD, 40_000, WEB, 80, { seq: 1000 + id * 10, ack: 1, flags: Tcp.ack, payload: data(10) }, { interface: point, ip: { id } });
        else scene.tcp(WEB, 80, POD, 40_000, { seq: 1000 + id * 10, ack: 1, flags: Tcp.ack, payload: data(10) }, { interface: point, ip: { id } });
      }
      id++;
    };
    for (let at = 0; at < 5; at++) {
      pass(true, 0.02, 0, 1, 2);
      pass(false, 0.02, 2, 1, 0);
    }
    for (let at = 0; at < 5; at++) {
      pass(true, 5, 1, 2);
      pass(false, 5, 2, 1);
    }
    const file = (names: readonly string[], from: number): Uint8Array => {
      const part = new Scene();
      part.frames.push(...scene.frames.filter((frame) => (frame.interface === 0) === (from === 0)).map((frame) => ({ ...frame, interface: (frame.interface ?? 0) - from })));
      return part.pcapng(names.map((name) => ({ name })));
    };
    const { paths } = await report([file(['pod'], 0), file(['veth', 'card'], 1)]);
    expect(paths.map(({ flow, points }) => [flow.includes(`→ ${POD}`), ...points.map((point) => point.split(' ')[0])])).toEqual([[false, 'pod', 'veth', 'card'], [true, 'card', 'veth', 'pod']]);
  }, PATIENCE);

  it('what passes several points of one file is not sent again', async () => {
    const scene = new Scene();
    const points = [0, 1, 2, 3];
    const everywhere = (from: string, fromPort: number, to: string, toPort: number, what: Parameters<Scene['tcp']>[4], id: number): void => { for (const point of points) scene.tcp(from, fromPort, to, toPort, what, { interface: point, ip: { id } }); };
    everywhere(POD, 40_000, WEB, 8080, { seq: 100, flags: Tcp.syn }, 1);
    everywhere(WEB, 8080, POD, 40_000, { seq: 500, ack: 101, flags: Tcp.syn | Tcp.ack }, 2);
    everywhere(POD, 40_000, WEB, 8080, { seq: 101, ack: 501, flags: Tcp.ack }, 3);
    // The capture ends before the answer.
    everywhere(POD, 40_000, WEB, 8080, { seq: 101, ack: 501, flags: Tcp.ack, payload: data(169) }, 4);
    expect(seen(await report(scene.pcapng(points.map((point) => ({ name: `veth${point}` })))))['peer-silent']).toBeUndefined();
    for (const id of [5, 6, 7]) everywhere(POD, 40_000, WEB, 8080, { seq: 101, ack: 501, flags: Tcp.ack, payload: data(169) }, id);
    expect(seen(await report(scene.pcapng(points.map((point) => ({ name: `veth${point}` })))))['peer-silent']).toBe(1);
  }, PATIENCE);

  it('a flow of which nothing goes on is lost only where its destination lies that way', async () => {
    const [here, there, silent, stranger] = ['192.0.2.11', '192.0.2.12', '192.0.2.13', '198.51.100.9'];
    const scene = new Scene();
    let id = 1;
    /** Five packets that pass these points one after the other. */
    const pass = (from: string, to: string, port: number, ...interfaces: number[]): void => {
      for (let at = 0; at < 5; at++, id++) for (const point of interfaces) scene.tcp(from, port, to, 6443, { seq: 1000 + id * 10, ack: 1, flags: Tcp.ack, payload: data(10) }, { interface: point, ip: { id } });
    };
    pass(there, here, 40_000, 1, 0);
    pass(here, there, 40_001, 0, 1);
    pass(silent, here, 40_002, 1, 0);
    // What ends at this host, and what leaves it for elsewhere, never passes the other point.
    pass(stranger, here, 40_003, 0);
    pass(here, stranger, 40_004, 0);
    const points = [{ name: 'eth0 of a' }, { name: 'eth0 of b' }];
    expect(seen(await report(scene.pcapng(points)))['lost-between']).toBeUndefined();
    pass(here, there, 40_005, 0);
    pass(here, silent, 40_006, 0);
    const found = (await report(scene.pcapng(points))).signatures.find((one) => one.id === 'lost-between');
    expect(found?.count).toBe(10);
    expect([found?.example, ...(found?.more ?? [])]).toEqual([
      'TCP 192.0.2.11:40005 → 192.0.2.12:6443: none of 5 packets that passed eth0 of a reached eth0 of b, while packets of TCP 192.0.2.11:40001 → 192.0.2.12:6443 do',
      'TCP 192.0.2.11:40006 → 192.0.2.13:6443: none of 5 packets that passed eth0 of a reached eth0 of b, while packets of TCP 192.0.2.13:40002 → 192.0.2.11:6443 come that way',
    ]);
  }, PATIENCE);
});

describe('a recording', () => {
  const made = (name: string, manifest: object): string => {
    const path = join(dir, name);
    mkdirSync(path);
    writeFileSync(join(path, 'recording.json'), JSON.stringify(manifest));
    return path;
  };
  const point = (place: string, aheadSeconds: number): object => ({ file: `${place}.pcap`, place, node: place, interface: 'any', interfaces: { 7: 'cni0' }, clock: { offsetSeconds: aheadSeconds, uncertaintySeconds: 0.001 }, packets: 1 });
  const manifest = { format: 'fairlead-recording/1', tool: 'test', startedAt: '2023-11-14T22:13:20.000Z', endedAt: '2023-11-14T22:13:40.000Z', stopped: 'time', filter: '', snapLength: 240, headersOnly: true };

  it('is read by its directory: clocks are set right, devices have their names, and what is missing is told', async () => {
    const path = made('recorded', { ...manifest, points: [point('agent-1', 0), { ...point('agent-2', 100), incomplete: 'the kernel dropped 3 packets' }, { ...point('agent-3', 0), file: undefined, incomplete: 'it could not be fetched' }] });
    for (const [place, ahead] of [['agent-1', 0n], ['agent-2', 100n]] as const) {
      const frames = new Scene().opens(POD, 40_000, WEB, 80).frames.map(({ time, bytes }, at) => ({ time: time + ahead * 1_000_000_000n + (ahead > 0n ? 300_000n * (at === 1 ? -1n : 1n) : 0n), bytes: Buffer.concat([Buffer.from('0800000000000007000100060000000000000000', 'hex'), bytes.subarray(14)]) }));
      writeFileSync(join(path, `${place}.pcap`), pcapFile(frames, { nano: true, linkType: 276 }));
    }
    const { code, stdout, stderr } = await runMain('capture', path, '-o', 'json');
    expect([code, stderr]).toEqual([0, '']);
    const result = JSON.parse(stdout) as CaptureReport;
    expect(result.files).toEqual([{ file: 'agent-1', packets: 3 }, { file: 'agent-2', packets: 3 }]);
    expect(result.durationSeconds).toBeLessThan(1);
    expect(result.paths.map(({ points }) => points)).toEqual([['cni0 of agent-1', 'cni0 of agent-2'], ['cni0 of agent-2', 'cni0 of agent-1']]);
    expect(result.remarks.slice(0, 3)).toEqual([expect.stringContaining('Only headers were recorded'), 'The recording at agent-2 is not complete: the kernel dropped 3 packets.', 'The recording at agent-3 is not complete: it could not be fetched.']);
  }, PATIENCE);

  it.each([
    ['other', { format: 'fairlead-recording/9' }, /recording\.json is no manifest of a recording/],
    ['outside', { ...manifest, points: [{ ...point('a', 0), file: '../../etc/passwd' }] }, /is no manifest of a recording/],
    ['empty', { ...manifest, points: [{ ...point('a', 0), file: undefined, incomplete: 'it could not be fetched' }] }, /is a recording without a capture: a: it could not be fetched/],
  ])('that is none is refused: %s', async (name, content, message) => {
    expect(await runMain('capture', made(name, content))).toMatchObject({ code: 2, stderr: expect.stringMatching(message) as string });
  }, PATIENCE);
});

/**
 * How fast a capture is analysed, against `tshark -q -z expert` on the same file in the same run; and how much memory that takes, at one size
 * and at another. `node bench/capture/run.ts [PACKETS]` makes the file (generate.ts), reads it once so that it is in the page cache, measures the
 * floor (reading all of it in blocks), and prints a table. Processor time is given beside elapsed time: on a busy machine only the former compares.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { generateCapture } from './generate.ts';

interface Measured { what: string; elapsed: number; processor: number; memory: number; output: string }

/** Ticks of /proc/PID/stat (sysconf(_SC_CLK_TCK) of every Linux that Node runs on). */
const TICKS = 100;

/** Runs a program and watches its processor time (user and system) and its largest resident set in /proc. */
async function measure(what: string, argv: readonly string[]): Promise<Measured> {
  const began = performance.now();
  const child = spawn(argv[0] as string, argv.slice(1), { stdio: ['ignore', 'pipe', 'ignore'] });
  let [output, processor, memory] = ['', 0, 0];
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  const look = setInterval(() => {
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      processor = Math.max(processor, (Number(fields[11]) + Number(fields[12])) / TICKS);
      memory = Math.max(memory, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) / 1000);
    } catch {
      // It has just ended.
    }
  }, 20);
  const code = await new Promise<number>((resolve, reject) => child.on('error', reject).on('close', (status) => resolve(status ?? -1)));
  clearInterval(look);
  if (code !== 0 && code !== 1) throw new Error(`${what} ended with ${code}`);
  return { what, elapsed: (performance.now() - began) / 1000, processor, memory, output };
}

/** Seconds to read the whole file in blocks of 2 MB. */
function floor(path: string): number {
  const block = Buffer.alloc(2 << 20);
  const file = openSync(path, 'r');
  const began = process.cpuUsage();
  while (readSync(file, block) > 0);
  closeSync(file);
  const { user, system } = process.cpuUsage(began);
  return (user + system) / 1e6;
}

const expert = (output: string, summary: string): number => Number(new RegExp(`^\\s*(\\d+)\\s+\\S+\\s+TCP\\s+${summary}`, 'm').exec(output)?.[1] ?? 0);

const packets = Number(process.argv[2] ?? 5_000_000);
const dir = mkdtempSync(join(process.env['TMPDIR'] ?? tmpdir(), 'fairlead-bench-'));
const path = join(dir, 'bench.pcap');
generateCapture(path, packets);
const fifth = join(dir, 'fifth.pcap');
generateCapture(fifth, Math.ceil(packets / 5));
await measure('scripts/build.ts', [process.execPath, join(packageRoot(), 'scripts/build.ts')]);
const program = join(packageRoot(), 'dist/main.js');
floor(path);
process.stdout.write(`${packets} packets, ${(statSync(path).size / 1e6).toFixed(0)} MB; reading all of it: ${floor(path).toFixed(2)} s of processor time\n\n`);
const ours = await measure('fairlead capture', [process.execPath, program, 'capture', path, '-o', 'json']);
const part = await measure('fairlead capture, a fifth of the file', [process.execPath, program, 'capture', fifth, '-o', 'json']);
const theirs = await measure('tshark -q -z expert', ['tshark', '-n', '-q', '-z', 'expert', '-r', path]);
process.stdout.write('| | elapsed | processor time | resident at most |\n|---|---:|---:|---:|\n');
for (const { what, elapsed, processor, memory } of [ours, part, theirs]) process.stdout.write(`| ${what} | ${elapsed.toFixed(1)} s | ${processor.toFixed(1)} s | ${memory.toFixed(0)} MB |\n`);
process.stdout.write(`\n${(theirs.processor / ours.processor).toFixed(1)} times by processor time, ${(theirs.elapsed / ours.elapsed).toFixed(1)} times by the clock. tshark does much more for each packet.\n`);
const { tcp } = JSON.parse(ours.output) as { tcp: { retransmissions: number; rst: number; reusedPorts: number } };
const compared: [string, number, number][] = [
  ['retransmissions', tcp.retransmissions, expert(theirs.output, 'This frame is a \\(suspected\\) retransmission')], ['RST', tcp.rst, expert(theirs.output, 'Connection reset \\(RST\\)')], ['ports reused', tcp.reusedPorts, expert(theirs.output, 'A new tcp session is started')],
];
for (const [what, a, b] of compared) process.stdout.write(`${what}: ${a} and ${b}\n`);
rmSync(dir, { recursive: true });
if (compared.some(([, a, b]) => a !== b)) process.exitCode = 1;

/**
 * Feeds mutated packets to the decoders and to everything behind them: `node bench/capture/fuzz.ts [PACKETS]`. Nothing may be thrown, and memory must
 * stay flat. Mutations are of frames that reach every decoder: flipped and random bytes, lengths at their limits, cuts, frames inside
 * frames, and of every link type. Packets come in rounds of 100,000, each with a seed of its own; a round that has passed with the code as
 * it is is not run again, so that it can be interrupted at any time. Results are in bench/capture/fuzz.json. A failure prints the frame, and
 * `node bench/capture/fuzz.ts --seed SEED` makes it again.
 */
import { createHash } from 'node:crypto';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/package-root.ts';
import { AddressBook } from '../../src/packets/decode/address-book.ts';
import { LinkType } from '../../src/packets/decode/decoder.ts';
import { FileAnalysis } from '../../src/packets/file-analysis.ts';
import { Follower } from '../../src/packets/path/follower.ts';
import { PathFlows } from '../../src/packets/path/path-flows.ts';
import { Points } from '../../src/packets/points.ts';
import { Headers } from '../../src/packets/record/headers.ts';
import { reportOf } from '../../src/packets/report/report.ts';
import { renderCapture } from '../../src/packets/report/text.ts';
import { Findings } from '../../src/packets/signatures/findings.ts';
import { Words } from '../../src/packets/signatures/words.ts';
import { conversationFrames } from '../../src/packets/testing/conversation-frames.ts';
import { oddFrames } from '../../src/packets/testing/odd-frames.ts';
import { Random } from '../../src/packets/testing/random.ts';
import { tcpWeather } from '../../src/packets/testing/tcp-weather.ts';
import { Totals } from '../../src/packets/totals.ts';

interface Round { seed: number; packets: number; signatures: number; /** In MB, at the end. */ heap: number; resident: number }
interface Results { code: string; rounds: Round[] }

const ROUND = 100_000;
const PATH = join(import.meta.dirname, 'fuzz.json');
/** Values that lengths and counters break at. */
const EDGES = [0, 1, 3, 4, 5, 7, 8, 15, 16, 19, 20, 39, 40, 0x45, 0x60, 0x7f, 0x80, 0xc0, 0xfe, 0xff];
const PLAIN = { bold: String, red: String, yellow: String, dim: String };
const links = Object.values(LinkType);
const frame = Buffer.alloc(70_000);

/** No packet passes through these: reading files, and recording but for its cutting of packets. */
const ELSEWHERE = /\.test\.ts$|^src\/packets\/(read\/(?!bytes)|names\/|record\/(?!headers))/;

/** Changes with everything that packets pass through. */
function codeDigest(): string {
  const hash = createHash('sha256');
  for (const path of globSync('src/packets/**/*.ts', { cwd: packageRoot() }).toSorted()) if (!ELSEWHERE.test(path)) hash.update(path).update(readFileSync(join(packageRoot(), path)));
  return hash.digest('hex').slice(0, 16);
}

/** Puts a mutated frame into `frame`; the answer is its length. */
function mutate(random: Random, seeds: readonly Buffer[]): number {
  const from = random.pick(seeds);
  let size = from.copy(frame);
  if (random.chance(10)) {
    const other = random.pick(seeds);
    size = random.below(size + 1);
    size += other.copy(frame, size, random.below(other.length));
  }
  for (let left = random.below(8); left > 0 && size > 0; left--) {
    const at = random.below(random.chance(70) ? Math.min(size, 120) : size);
    const way = random.below(4);
    if (way === 0) frame[at] = (frame[at] as number) ^ (1 << random.below(8));
    else if (way === 1) frame[at] = random.below(256);
    else if (way === 2) frame[at] = random.pick(EDGES);
    else frame.fill(random.pick([0, 255]), at, Math.min(size, at + 1 + random.below(4)));
  }
  return random.chance(15) ? random.below(size + 1) : size;
}

/** One round in one analysis. Throws what the code throws, after the frame that it is about. */
function run(seed: number): Round {
  const random = new Random(seed);
  const seeds = [...oddFrames(), ...conversationFrames(), ...tcpWeather({ seed, frames: 500 })].map(({ bytes }) => Buffer.from(bytes));
  const addresses = new AddressBook();
  const shared = { findings: new Findings(), addresses, words: new Words(addresses), points: new Points(), follower: new Follower(new PathFlows()), totals: new Totals(), vxlanPorts: new Set([9999]) };
  const analysis = new FileAnalysis({ path: 'fuzz', interfaces: { 1: 'eth0' } }, shared);
  const headers = new Headers();
  const points = links.map((linkType) => analysis.point({ linkType, name: undefined }));
  for (let done = 0; done < ROUND; done++) {
    const size = mutate(random, seeds);
    const link = random.chance(70) ? 1 : random.below(links.length);
    const length = random.chance(90) ? size : random.next() % 100_000;
    try {
      analysis.packet(points[link] as number, frame, 0, size, length, 1_700_000_000 + Math.floor(done / 1000), random.below(1e9));
      const kept = headers.length(frame, 0, size, length, links[link] as number);
      if (kept < 0 || kept > size) throw new Error(`${kept} bytes of headers in ${size}`);
    } catch (error) {
      process.stdout.write(`packet ${done} of seed ${seed}, link type ${links[link]}: ${frame.subarray(0, size).toString('hex')}\n`);
      throw error;
    }
  }
  analysis.finish();
  shared.follower.finish();
  shared.follower.flows.finish(shared.points, shared.findings, shared.words);
  const report = reportOf(shared, [{ file: 'fuzz', packets: ROUND, cut: undefined }]);
  renderCapture(report, PLAIN);
  const { heapUsed, rss } = process.memoryUsage();
  return { seed, packets: ROUND, signatures: report.signatures.length, heap: Math.round(heapUsed / 1e6), resident: Math.round(rss / 1e6) };
}

function readResults(code: string): Results {
  try {
    const known = JSON.parse(readFileSync(PATH, 'utf8')) as Results;
    if (known.code === code) return known;
  } catch {
    // The first time there are none.
  }
  return { code, rounds: [] };
}

const only = process.argv[2] === '--seed' ? Number(process.argv[3]) : undefined;
if (only === undefined) {
  const wanted = Math.ceil(Number(process.argv[2] ?? 10_000_000) / ROUND);
  const results = readResults(codeDigest());
  for (let seed = 1; seed <= wanted; seed++) {
    if (results.rounds.some((round) => round.seed === seed)) continue;
    const round = run(seed);
    results.rounds.push(round);
    writeFileSync(PATH, `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(`seed ${seed}: ${round.packets} packets, ${round.signatures} signatures met, heap ${round.heap} MB, resident ${round.resident} MB\n`);
  }
  const sum = results.rounds.reduce((all, { packets }) => all + packets, 0);
  process.stdout.write(`${sum} packets with code ${results.code}: no crash, resident at most ${Math.max(...results.rounds.map(({ resident }) => resident))} MB\n`);
} else process.stdout.write(`${JSON.stringify(run(only))}\n`);

/**
 * Feeds mutated packets to the decoders and to everything behind them: `node bench/capture/fuzz.ts [PACKETS] [SEED]`. Nothing may be thrown, and
 * memory must stay flat. Mutations are of frames that reach every decoder: flipped and random bytes, lengths at their limits, cuts, frames
 * inside frames, and of every link type. A failure prints the frame and the seed that makes it again.
 */
import { AddressBook } from '../../src/packets/decode/address-book.ts';
import { LinkType } from '../../src/packets/decode/decoder.ts';
import { FileAnalysis } from '../../src/packets/file-analysis.ts';
import { Follower } from '../../src/packets/path/follower.ts';
import { PathFlows } from '../../src/packets/path/path-flows.ts';
import { Points } from '../../src/packets/points.ts';
import { reportOf } from '../../src/packets/report/report.ts';
import { Findings } from '../../src/packets/signatures/findings.ts';
import { Words } from '../../src/packets/signatures/words.ts';
import { oddFrames } from '../../src/packets/testing/odd-frames.ts';
import { Random } from '../../src/packets/testing/random.ts';
import { tcpWeather } from '../../src/packets/testing/tcp-weather.ts';
import { Totals } from '../../src/packets/totals.ts';

const [count, seed] = [Number(process.argv[2] ?? 100_000), Number(process.argv[3] ?? 1)];
const random = new Random(seed);
const seeds = [...oddFrames(), ...tcpWeather({ seed, frames: 500 })].map(({ bytes }) => Buffer.from(bytes));
const links = Object.values(LinkType);
const addresses = new AddressBook();
const shared = { findings: new Findings(), addresses, words: new Words(addresses), points: new Points(), follower: new Follower(new PathFlows()), totals: new Totals(), vxlanPorts: new Set([9999]) };
const analysis = new FileAnalysis({ path: 'fuzz' }, shared);
const points = links.map((linkType) => analysis.point({ linkType, name: undefined }));
/** Values that lengths and counters break at. */
const EDGES = [0, 1, 3, 4, 5, 7, 8, 15, 16, 19, 20, 39, 40, 0x45, 0x60, 0x7f, 0x80, 0xc0, 0xfe, 0xff];
const frame = Buffer.alloc(70_000);

/** Puts a mutated frame into `frame`; the answer is its length. */
function mutate(): number {
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

let [heap, resident] = [0, 0];
for (let done = 0; done < count; done++) {
  const size = mutate();
  const link = random.chance(70) ? 1 : random.below(links.length);
  try {
    analysis.packet(points[link] as number, frame, 0, size, random.chance(90) ? size : random.next() % 100_000, 1_700_000_000 + Math.floor(done / 1000), random.below(1e9));
  } catch (error) {
    process.stdout.write(`packet ${done} of seed ${seed}, link type ${links[link]}: ${frame.subarray(0, size).toString('hex')}\n`);
    throw error;
  }
  if (done % 1_000_000 === 999_999 || done === count - 1) {
    const { heapUsed, rss } = process.memoryUsage();
    [heap, resident] = [Math.max(heap, heapUsed), Math.max(resident, rss)];
    process.stdout.write(`${done + 1} packets; heap ${(heapUsed / 1e6).toFixed(0)} MB, resident ${(rss / 1e6).toFixed(0)} MB\n`);
  }
}
analysis.finish();
shared.follower.finish();
shared.follower.flows.finish(shared.points, shared.findings, shared.words);
const report = reportOf(shared, [{ file: 'fuzz', packets: count, cut: undefined }]);
process.stdout.write(`${count} packets of seed ${seed}: no crash, ${report.signatures.length} signatures met, heap at most ${(heap / 1e6).toFixed(0)} MB, resident at most ${(resident / 1e6).toFixed(0)} MB\n`);

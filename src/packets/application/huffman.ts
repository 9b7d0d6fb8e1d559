/**
 * The Huffman code of HTTP/2's header compression (RFC 7541 §5.2). It is canonical: the lengths of Appendix B determine every code, in the
 * order of lengths and, among equal ones, of symbols.
 */

/** Bits of the code of each byte, and of the end mark. */
const LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];
const [LONGEST, END] = [30, 256];

const ordered = LENGTHS.map((bits, symbol) => ({ bits, symbol })).toSorted((a, b) => a.bits - b.bits || a.symbol - b.symbol);
/** By length: the first code, how many there are, and where they begin in `SYMBOLS`. */
const SYMBOLS = Int16Array.from(ordered, ({ symbol }) => symbol);
const [FIRST, COUNT, START] = [new Int32Array(LONGEST + 1), new Int32Array(LONGEST + 1), new Int32Array(LONGEST + 1)];
for (let bits = 1, code = 0, start = 0; bits <= LONGEST; bits++) {
  code *= 2;
  const count = ordered.filter((one) => one.bits === bits).length;
  [FIRST[bits], COUNT[bits], START[bits]] = [code, count, start];
  code += count;
  start += count;
}

/** The text of [at, end); undefined when the end mark is in it or it is padded wrongly: more than 7 bits, or not all of them 1. */
export function huffmanText(bytes: Uint8Array, at: number, end: number): string | undefined {
  const out: number[] = [];
  let [code, bits] = [0, 0];
  for (let from = at; from < end; from++) {
    const byte = bytes[from] as number;
    for (let bit = 7; bit >= 0; bit--) {
      code = code * 2 + ((byte >> bit) & 1);
      bits++;
      const index = code - (FIRST[bits] as number);
      if (index >= (COUNT[bits] as number)) {
        if (bits === LONGEST) return undefined;
        continue;
      }
      const symbol = SYMBOLS[(START[bits] as number) + index] as number;
      if (symbol === END) return undefined;
      out.push(symbol);
      [code, bits] = [0, 0];
    }
  }
  return bits > 7 || code !== 2 ** bits - 1 ? undefined : Buffer.from(out).toString('latin1');
}

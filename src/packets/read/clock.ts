/** Times of pcapng: 64 bits that count units of an interface, split into seconds and nanoseconds without losing a bit and without big integers. */

export class ClockUnit {
  seconds = 0;
  nanoseconds = 0;
  readonly #perSecond: number;
  readonly #nanoseconds: number;
  readonly #offset: number;

  private constructor(perSecond: number, nanoseconds: number, offset: number) {
    this.#perSecond = perSecond;
    this.#nanoseconds = nanoseconds;
    this.#offset = offset;
  }

  /** Of `if_tsresol` (a power of ten, or of two when the upper bit is set) and `if_tsoffset` in seconds; undefined for units that no clock has. */
  static of(resolution: number, offset: number): ClockUnit | undefined {
    const power = resolution & 0x7f;
    if ((resolution & 0x80) !== 0) return power <= 31 ? new ClockUnit(2 ** power, 0, offset) : undefined;
    return power <= 9 ? new ClockUnit(10 ** power, 10 ** (9 - power), offset) : undefined;
  }

  /** Takes a time of two words. The quotient is estimated in floating point and put right from the remainder modulo 2^32. */
  set(high: number, low: number): void {
    const unit = this.#perSecond;
    let whole = Math.floor((high * 4_294_967_296 + low) / unit);
    let rest = (low - Math.imul(whole | 0, unit | 0)) | 0;
    if (unit > 0x4000_0000 && rest < 0) rest += 4_294_967_296;
    if (rest >= unit + 0x1000_0000) rest -= 4_294_967_296;
    if (rest < 0) {
      whole--;
      rest += unit;
    } else if (rest >= unit) {
      whole++;
      rest -= unit;
    }
    this.seconds = whole + this.#offset;
    this.nanoseconds = this.#nanoseconds === 0 ? Math.floor((rest * 1e9) / unit) : rest * this.#nanoseconds;
  }
}

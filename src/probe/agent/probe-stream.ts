/** A long-lived connection: numbered frames are echoed. It is never reconnected silently: a reset or a stall is a recorded break. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { FrameReader, frame } from './framing.ts';
import type { ClientContext } from './probe-udp.ts';
import type { TcpTarget } from './probe-tcp.ts';
import type { Outcome, Prober } from './prober.ts';
import { errorText } from './prober.ts';
import { BYE, STREAM_FRAME_BYTES, openStreamFrame, streamFrame } from './stream-wire.ts';
import { MessageType, NONCE_BYTES } from './wire.ts';

const NO_DIGEST = new Uint8Array(0);
/** Pause before a broken connection is opened again, only to go on measuring. */
const REOPEN_MS = 200;
/** Without any echo for so long, the connection is given up for a new one. */
const GIVE_UP_MS = 10_000;

/** `broke` is told of every break with its reason. */
export function streamProber(context: ClientContext, target: TcpTarget & { expectName: string }, broke: (why: string) => void): Prober {
  return new StreamProber(context, target, broke);
}

class StreamProber implements Prober {
  readonly #context: ClientContext;
  readonly #target: TcpTarget & { expectName: string };
  readonly #broke: (why: string) => void;
  /** Frames without an echo, in order. */
  readonly #open = new Map<number, (outcome: Outcome) => void>();
  #socket: Socket | undefined;
  #nonce: Uint8Array = randomBytes(NONCE_BYTES);
  /** The server has proven itself: frames may flow. Until then they queue, and age. */
  #established = false;
  #stalled = false;
  #lastEcho = performance.now();
  /** A break that no frame has been charged with yet. */
  #uncharged: string | undefined;
  #closed = false;
  #reopen: NodeJS.Timeout | undefined;
  readonly lostAs = 'broken: stalled';

  constructor(context: ClientContext, target: TcpTarget & { expectName: string }, broke: (why: string) => void) {
    this.#context = context;
    this.#target = target;
    this.#broke = broke;
    this.#connect();
  }

  send(seq: number, report: (outcome: Outcome) => void): void {
    if (this.#uncharged !== undefined) {
      const error = `broken: ${this.#uncharged}`;
      this.#uncharged = undefined;
      return report({ ok: false, at: performance.now(), error });
    }
    this.#open.set(seq, report);
    if (this.#established) this.#socket?.write(streamFrame(this.#context.codec, this.#nonce, 'request', seq));
  }

  /** Over its budget without an echo: a stall. The echo is still awaited, to tell late from never. */
  expire(): undefined {
    if (!this.#stalled) {
      this.#stalled = true;
      this.#broke('stalled');
    }
    if (performance.now() - this.#lastEcho > GIVE_UP_MS) this.#break('stalled and given up');
    return undefined;
  }

  cancel(seq: number): void {
    this.#open.delete(seq);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#reopen);
    if (this.#established) this.#socket?.end(streamFrame(this.#context.codec, this.#nonce, 'request', BYE));
    else this.#socket?.destroy();
  }

  #connect(): void {
    const { codec, name } = this.#context;
    this.#nonce = randomBytes(NONCE_BYTES);
    this.#established = false;
    this.#lastEcho = performance.now();
    const socket = connect({ host: this.#target.address, port: this.#target.port, noDelay: true });
    this.#socket = socket;
    const lost = (why: string): void => {
      if (this.#socket === socket) this.#break(why);
    };
    socket.on('connect', () => {
      socket.write(frame(codec.seal({ type: MessageType.stream, flags: 0, nonce: this.#nonce, arg: 0, lag: 0, digest: NO_DIGEST, name })));
    });
    socket.on('error', (error) => lost(errorText(error)));
    socket.on('end', () => lost('closed by the peer'));
    socket.on('close', () => lost('closed'));
    const reader = new FrameReader(socket);
    reader.frame((bytes) => {
      const proof = bytes && codec.open(bytes);
      if (proof?.type !== MessageType.streamProof || !proof.nonce.every((byte, i) => byte === this.#nonce[i])) return lost('answer without proof');
      if (proof.name !== this.#target.expectName) return lost(`answered by ${proof.name}`);
      this.#established = true;
      for (const seq of this.#open.keys()) socket.write(streamFrame(codec, this.#nonce, 'request', seq));
      this.#readEchoes(socket, reader, lost);
    });
  }

  #readEchoes(socket: Socket, reader: FrameReader, lost: (why: string) => void): void {
    reader.raw(STREAM_FRAME_BYTES, (bytes) => {
      const at = performance.now();
      const echo = openStreamFrame(this.#context.codec, this.#nonce, 'echo', bytes);
      if (echo === undefined) return lost('answer without proof');
      if (echo.seq === BYE) this.#context.draining();
      else {
        this.#lastEcho = at;
        this.#stalled = false;
        this.#open.get(echo.seq)?.({ ok: true, at, peerLag: echo.lag });
      }
      if (!socket.destroyed) this.#readEchoes(socket, reader, lost);
    });
  }

  #break(why: string): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#established = false;
    socket?.destroy();
    if (this.#closed) return;
    this.#broke(why);
    const reports = [...this.#open.values()];
    if (reports.length === 0) this.#uncharged = why;
    for (const report of reports) report({ ok: false, at: performance.now(), error: `broken: ${why}` });
    clearTimeout(this.#reopen);
    this.#reopen = setTimeout(() => this.#connect(), REOPEN_MS);
  }
}

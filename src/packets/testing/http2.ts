/** Bytes of HTTP/2, for tests: frames, and header blocks of literals that enter the dynamic table. */

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
export const Frame = { data: 0, headers: 1, reset: 3, settings: 4, promise: 5, goaway: 7, continuation: 9 } as const;

export function h2frame(kind: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.set([kind, flags], 3);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A header block; names and values shorter than 127 letters. */
export const h2block = (fields: Readonly<Record<string, string>>): Buffer => Buffer.concat(Object.entries(fields).map(([name, value]) => Buffer.from([0x40, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)])));

/** HEADERS of a stream, in one frame. */
export const h2headers = (stream: number, fields: Readonly<Record<string, string>>, last = false): Buffer => h2frame(Frame.headers, last ? 5 : 4, stream, h2block(fields));

/** A call of gRPC, and its answer with a status. */
export const grpcCall = (stream: number, path: string): Buffer => Buffer.concat([h2headers(stream, { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' }), h2frame(Frame.data, 1, stream, Buffer.from([0, 0, 0, 0, 2, 8, 1]))]);
export const grpcAnswer = (stream: number, status: number): Buffer => Buffer.concat([h2headers(stream, { ':status': '200', 'content-type': 'application/grpc' }), h2frame(Frame.data, 0, stream, Buffer.from([0, 0, 0, 0, 0])), h2headers(stream, { 'grpc-status': String(status), 'grpc-message': 'not for everybody' }, true)]);

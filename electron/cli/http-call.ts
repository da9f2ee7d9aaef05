/**
 * One HTTP/1.1 request over the host's private socket, on node:net. Not node:http: loading that takes longer than a whole
 * verb may. Speaks only what our own host answers: a length, chunks, or everything until the end.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { AppError } from '../../shared/errors.ts';
import { abortReason } from '../../shared/util/async.ts';

export interface HttpAnswer {
  status: number;
  body: string;
}

export interface HttpCall {
  socketPath: string;
  token: string;
  path: string;
  body: string;
  signal?: AbortSignal | undefined;
  /** How long nothing may come; 0 for calls that take as long as a job. */
  idleMs: number;
}

/** Rejects with `server_unreachable` or `server_timeout` (`details.peer: 'host'`), or with the signal's reason. */
export function httpCall(call: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { signal } = call;
    if (signal?.aborted === true) {
      reject(abortReason(signal));
      return;
    }
    const socket = connect({ path: call.socketPath });
    const parts: Buffer[] = [];
    const end = (): void => {
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
    };
    const onAbort = (): void => {
      end();
      if (signal !== undefined) reject(abortReason(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', () => {
      socket.write(
        headOf('POST', call.path, call.token, {
          'content-type': 'application/json',
          'content-length': String(Buffer.byteLength(call.body)),
          connection: 'close',
        }) + call.body,
      );
    });
    socket.setTimeout(call.idleMs, () => {
      end();
      reject(hostError('server_timeout', `nothing came for ${String(call.idleMs / 1_000)} s`));
    });
    socket.on('data', (part) => parts.push(part));
    socket.once('error', (error) => {
      end();
      reject(hostError('server_unreachable', error.message));
    });
    socket.once('close', () => {
      end();
      const answer = readAnswer(Buffer.concat(parts));
      if (answer === null)
        reject(hostError('server_unreachable', 'the connection was closed before the answer was complete'));
      else resolve(answer);
    });
  });
}

export function headOf(method: string, path: string, token: string, headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\n${lines.join('')}\r\n`;
}

export function hostError(code: 'server_unreachable' | 'server_timeout', why: string): AppError {
  return new AppError(code, `no answer from Switchyard's host: ${why}`, { details: { peer: 'host' } });
}

/** Connects and hands over the socket after the head of the answer has come; for upgrades. */
export function httpUpgrade(
  socketPath: string,
  head: string,
): Promise<{ socket: Socket; status: number; rest: Buffer }> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path: socketPath });
    let got = Buffer.alloc(0);
    const fail = (error: Error): void => {
      socket.destroy();
      reject(hostError('server_unreachable', error.message));
    };
    const onEnd = (): void => {
      fail(new Error('the connection was closed'));
    };
    const onData = (part: Buffer): void => {
      got = Buffer.concat([got, part]);
      const at = got.indexOf('\r\n\r\n');
      if (at < 0) return;
      socket.removeListener('data', onData);
      socket.removeListener('error', fail);
      socket.removeListener('close', onEnd);
      resolve({ socket, status: statusOf(got.toString('latin1', 0, at)), rest: got.subarray(at + 4) });
    };
    socket.on('data', onData);
    socket.once('error', fail);
    socket.once('close', onEnd);
    socket.once('connect', () => socket.write(head));
  });
}

const statusOf = (head: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);

/** The whole answer, or null while it is not complete. */
export function readAnswer(bytes: Buffer): HttpAnswer | null {
  const at = bytes.indexOf('\r\n\r\n');
  if (at < 0) return null;
  const head = bytes.toString('latin1', 0, at);
  const body = bytes.subarray(at + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const whole = /^transfer-encoding: *chunked/im.test(head)
    ? dechunk(body)
    : length === undefined
      ? body
      : body.length < Number(length)
        ? null
        : body.subarray(0, Number(length));
  return whole === null ? null : { status: statusOf(head), body: whole.toString('utf8') };
}

function dechunk(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n', at);
    const size = end < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (Number.isNaN(size)) return null;
    if (size === 0) return Buffer.concat(parts);
    if (end + 2 + size > bytes.length) return null;
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}

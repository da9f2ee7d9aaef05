/** One request over the host's private socket, and what may go wrong on the way in the words of the command line. */
import type { ClientRequest } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import { raceAbort } from '../../shared/util/async.ts';

/**
 * Not imported: an import of this module reads every name it exports, and two of them load a whole fetch with WebSockets,
 * which takes a verb 30 ms and more. Like this it takes one.
 */
const { request } = process.getBuiltinModule('node:http');

export interface HttpAnswer {
  status: number;
  body: string;
}

/** Where on the host, and the right to ask. */
export interface Place {
  socketPath: string;
  token: string;
  path: string;
}

/** A request that is not sent yet. */
export function requestTo(
  { socketPath, token, path }: Place,
  options: {
    method: 'GET' | 'POST';
    headers: Readonly<Record<string, string>>;
    timeout?: number;
    signal?: AbortSignal;
  },
): ClientRequest {
  const headers = { ...options.headers, authorization: `Bearer ${token}` };
  return request({ ...options, headers, socketPath, path, agent: false });
}

/**
 * Rejects with `server_unreachable` or `server_timeout` (`details.peer: 'host'`), or with the signal's reason. `idleMs` is how
 * long nothing may come; 0 for calls that take as long as a job.
 */
export function httpCall(place: Place, body: string, idleMs: number, signal: AbortSignal): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const headers = { 'content-type': 'application/json' };
  const asking = requestTo(place, { method: 'POST', headers, timeout: idleMs, signal });
  const onError = (error: Error): void => {
    reject(unreachable(error));
  };
  asking.once('timeout', () => {
    reject(hostError('server_timeout', `nothing came for ${String(idleMs / 1_000)} s`));
    asking.destroy();
  });
  asking.once('error', onError);
  asking.once('response', (response) => {
    let text = '';
    response.setEncoding('utf8');
    response.on('data', (part: string) => (text += part));
    response.once('error', onError);
    response.once('end', () => {
      resolve({ status: response.statusCode ?? 0, body: text });
    });
  });
  asking.end(body);
  return raceAbort(promise, signal);
}

export function hostError(code: 'server_unreachable' | 'server_timeout', why: string): AppError {
  return new AppError(code, `no answer from Switchyard's host: ${why}`, { details: { peer: 'host' } });
}

export function unreachable(error: Error): AppError {
  const cutOff = 'code' in error && error.code === 'ECONNRESET';
  return hostError(
    'server_unreachable',
    cutOff ? 'the connection was closed before the answer was complete' : error.message,
  );
}

/** The link to a running host: its control API and event stream over the private socket. Starts no host. */
import type { CallName } from '../../shared/contract.ts';
import type { CallOptions } from '../../shared/contract-types.ts';
import { fromWire } from '../../shared/errors.ts';
import { LONG_CALLS } from '../../shared/long-calls.ts';
import { demoDirectory } from '../data-dir.ts';
import { readEndpoint } from '../host/endpoint-file.ts';
import { readToken } from '../host/private-file.ts';
import { openEventStream } from './event-stream.ts';
import { EXIT, Failure, toFailure } from './exit-codes.ts';
import { httpCall, hostError } from './http-call.ts';
import type { CallTrace, Link, LinkEvent } from './link.ts';
import { says } from './text.ts';

const IDLE_MS = 60_000;

/**
 * `left` ends calls that bring no signal of their own; a call that is not a long one ends when nothing came for `idleMs`.
 * Throws a Failure (4) when no host of this directory can be found; whether it answers is seen at the first call.
 */
export function hostLink(
  dataDir: string,
  onCall: (trace: CallTrace) => void,
  left: AbortSignal,
  idleMs = IDLE_MS,
): Link {
  const endpoint = readEndpoint(dataDir);
  const token = endpoint === null ? null : readToken(endpoint.tokenFile);
  if (endpoint === null || token === null) throw notRunning(dataDir);
  const { socketPath } = endpoint;

  /** Carries `act` out and traces it; what goes wrong before `told` has a status says where no host is. */
  async function traced<T>(
    trace: Pick<CallTrace, 'method' | 'url'>,
    act: (told: { status: number | null }) => Promise<T>,
  ): Promise<T> {
    const beganMs = performance.now();
    const told: { status: number | null } = { status: null };
    try {
      return await act(told);
    } catch (error) {
      throw told.status === null ? whyNot(error, dataDir) : error;
    } finally {
      onCall({ ...trace, ...told, ms: performance.now() - beganMs });
    }
  }

  const call = (name: CallName, args: object, options?: CallOptions): Promise<unknown> => {
    const path = `/api/${name}`;
    return traced({ method: 'POST', url: `http://localhost${path}` }, async (told) => {
      const idle = LONG_CALLS.has(name) ? 0 : idleMs;
      const answer = await httpCall({ socketPath, token, path }, JSON.stringify(args), idle, options?.signal ?? left);
      const { status } = Object.assign(told, { status: answer.status });
      const value = parse(answer.body);
      if (status === 200) return value;
      if (status === 401 || status === 429)
        throw new Failure(EXIT.unreachable, says.tokenRefused, { code: 'not_allowed', details: { peer: 'host' } });
      throw fromWire(typeof value === 'object' && value !== null && 'error' in value ? value.error : undefined);
    });
  };

  return {
    alone: false,
    call: call as Link['call'],
    events: (topics, listener, onEnd) => {
      const path = `/api/events?topics=${topics.join(',')}`;
      const onText = (text: string): void => {
        listener(parse(text) as LinkEvent);
      };
      return traced({ method: 'GET', url: `ws://localhost${path}` }, async (told) => {
        const stream = await openEventStream({ socketPath, token, path }, onText, onEnd);
        told.status = 101;
        return stream;
      });
    },
    close: () => Promise.resolve(),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (_) {
    throw hostError('server_unreachable', 'its answer can’t be read');
  }
}

function notRunning(dataDir: string): Failure {
  const hint = isHostThere(demoDirectory(dataDir)) ? says.demoRuns : says.howToStart;
  return new Failure(EXIT.unreachable, says.notRunning(dataDir), { hint, details: { peer: 'host' } });
}

/** A look without asking it anything: it left word where it is, and its process lives. */
export function isHostThere(dataDir: string): boolean {
  const endpoint = readEndpoint(dataDir);
  if (endpoint === null) return false;
  try {
    return process.kill(endpoint.pid, 0);
  } catch (error) {
    // It lives, and is someone else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** A socket nobody listens on means what a missing file means: no host. */
function whyNot(error: unknown, dataDir: string): unknown {
  if (!(error instanceof Error) || error.name === 'AbortError') return error;
  const failure = toFailure(error);
  if (failure.code === 'server_unreachable' && /ENOENT|ECONNREFUSED/.test(failure.message)) return notRunning(dataDir);
  return failure;
}

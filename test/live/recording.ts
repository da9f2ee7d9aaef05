/**
 * Records the traffic of one server as JSON lines, in the form of test/recordings/ (its README says what each key
 * means), so that a report of a user can become a test. Redacts what may be secret; does not decide when to record.
 */

import type { Trace, TraceLine } from '../../electron/core/net/trace.ts';

const SECRET_HEADER = /^(authorization|cookie|set-cookie|proxy-authorization)$/i;
const SECRET_KEY = /^(password|token|swarm_token|session_id|api_key_comfy_org|auth_token_comfy_org|authorization)$/i;
const SECRET_QUERY = /([?&](?:token|session_id|code)=)[^&]*/gi;
const MAX_TEXT = 200_000;

export class Recording implements Trace {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  readonly #began: number;

  /** `write` gets one line at a time, without its newline. `now` is a monotonic clock, ms. */
  constructor(write: (line: string) => void, now: () => number = () => performance.now()) {
    this.#write = write;
    this.#now = now;
    this.#began = now();
  }

  add(line: TraceLine): void {
    const at = Math.round((this.#now() - this.#began) * 10) / 10;
    const clean: Record<string, unknown> = { t_ms: at, ...line };
    if (line.path !== undefined) clean['path'] = line.path.replace(SECRET_QUERY, '$1[redacted]');
    if (line.headers !== undefined) {
      clean['headers'] = Object.fromEntries(
        Object.entries(line.headers).map(([key, value]) => [key, SECRET_HEADER.test(key) ? '[redacted]' : value]),
      );
    }
    if ('body' in line) clean['body'] = redact(readable(line.body));
    if ('data' in line) clean['data'] = redact(readable(line.data));
    this.#write(JSON.stringify(clean));
  }
}

/** Text that holds JSON becomes JSON; bytes become their length and their first 64 in hex. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array)
    return { bytes: value.byteLength, hex64: Buffer.from(value.subarray(0, 64)).toString('hex') };
  if (typeof value !== 'string') return value ?? null;
  if (value.length > MAX_TEXT) return value.slice(0, MAX_TEXT);
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // Not JSON (an empty body, an error page, bare NaN): kept as the text it is.
  }
}

function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, SECRET_KEY.test(key) ? '[redacted]' : redact(item)]),
  );
}

/**
 * Where the traffic of one server can be listened in on, line by line, in the form of test/recordings/ (its README says
 * what each key means). Nobody listens unless told to (`npm run record`).
 */

/** One line without its time. `client` says on which connection. */
export interface TraceLine {
  readonly dir: 'http-req' | 'http-res' | 'ws-open' | 'ws-send' | 'ws-recv' | 'ws-bin' | 'ws-close' | 'note';
  readonly client?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly status?: number;
  readonly content_type?: string;
  readonly took_ms?: number;
  readonly body?: unknown;
  readonly data?: unknown;
}

export interface Trace {
  add(line: TraceLine): void;
}

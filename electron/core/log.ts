/**
 * One sink for everything said (architecture §17): JSON lines, rotated 5 × 2 MB, and a tail in memory for the log view.
 * Redacts secrets by field name and by shape. Sentences with ids as fields; aborts never come above debug.
 */
import { appendFileSync, existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEntry } from '../../shared/app.ts';

export type Level = LogEntry['level'];
export type Fields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same sink, with fields of its own added to every entry. */
  child(fields: Fields): Log;
}

const ORDER: Record<Level, number> = { debug: 0, info: 1, warn: 2, error: 3 };
const SECRET_KEY =
  /^(authorization|cookie|set-cookie|password|token|secret|credential|session_id|swarm_token|x-app-csrf)$/i;
const SECRET_TEXT = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}|\bswarm_token=[^;\s"]+|\b(code|token|tkn)=[\w-]{16,}/gi;
const MAX_FILE_BYTES = 2 * 1024 * 1024;
const FILES = 5;
const TAIL = 2_000;

/** A copy of `value` without secrets, at most `depth` deep; errors become `{name, code, message, cause}`. */
export function redact(value: unknown, depth = 6): unknown {
  if (typeof value === 'string') return value.replace(SECRET_TEXT, '[redacted]').slice(0, 8_000);
  if (value instanceof Error) {
    const code: unknown = 'code' in value ? value.code : undefined;
    return {
      name: value.name,
      ...(code === undefined ? {} : { code }),
      message: redact(value.message),
      ...(value.cause === undefined ? {} : { cause: redact(value.cause, depth - 1) }),
      stack: redact(value.stack ?? ''),
    };
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth <= 0) return '[deep]';
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth - 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, SECRET_KEY.test(key) ? '[redacted]' : redact(item, depth - 1)]),
  );
}

export class LogSink {
  readonly #tail: LogEntry[] = [];
  readonly #file: string | null;
  #bytes = 0;
  #broken = false;

  /** `directory: null` keeps the tail only. */
  constructor(directory: string | null) {
    this.#file = directory === null ? null : join(directory, 'switchyard.log');
    if (directory !== null) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      if (this.#file !== null && existsSync(this.#file)) this.#bytes = statSync(this.#file).size;
    }
  }

  log(fields: Fields = {}): Log {
    const at =
      (level: Level) =>
      (message: string, more: Fields = {}): void => {
        this.#write(level, message, { ...fields, ...more });
      };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      child: (more) => this.log({ ...fields, ...more }),
    };
  }

  /** The newest entries at or above `level`, oldest first. */
  tail(limit: number, level: Level): LogEntry[] {
    return this.#tail.filter((entry) => ORDER[entry.level] >= ORDER[level]).slice(-limit);
  }

  #write(level: Level, message: string, fields: Fields): void {
    const clean = redact(fields) as Record<string, unknown>;
    const entry: LogEntry = { at: Date.now(), level, message: redact(message) as string, fields: clean };
    this.#tail.push(entry);
    if (this.#tail.length > TAIL * 1.25) this.#tail.splice(0, this.#tail.length - TAIL);
    if (this.#file === null || this.#broken || ORDER[level] < ORDER.info) return;
    const line = `${JSON.stringify(entry)}\n`;
    try {
      if (this.#bytes + line.length > MAX_FILE_BYTES) this.#rotate(this.#file);
      appendFileSync(this.#file, line, { mode: 0o600 });
      this.#bytes += line.length;
    } catch (error) {
      // A full disk must not stop the queue from telling so: the tail goes on, the file is given up once.
      this.#broken = true;
      this.#write('error', 'the log file can no longer be written', { error });
    }
  }

  #rotate(file: string): void {
    for (let index = FILES - 1; index >= 1; index -= 1) {
      const from = index === 1 ? file : `${file}.${String(index - 1)}`;
      if (existsSync(from)) renameSync(from, `${file}.${String(index)}`);
    }
    this.#bytes = 0;
  }
}

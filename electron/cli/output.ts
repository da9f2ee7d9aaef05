/** The terminal as verbs see it: the answer on stdout, everything else on stderr, a question where one may be asked. */
import type { WireError } from '../../shared/errors.ts';
import type { Exit } from './exit-codes.ts';
import { table } from './format.ts';
import type { CallTrace } from './link.ts';

/** What a verb ends with. `data` is the contract's value under its own name; `text` is made only when it is shown. */
export interface Answer {
  exit: Exit;
  data: object | null;
  text: () => readonly string[];
  /** Why `exit` is not 0. */
  error?: WireError;
  /** The same for people, where the error's message is for logs; null where `text` has said it. */
  why?: string | null;
}

/** What is said below the answer, where it is not 0. */
export const whyOf = ({ error, why }: Answer): string | null => (why === undefined ? (error?.message ?? null) : why);

export interface Terminal {
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
}

export interface Manner {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  yes: boolean;
}

export class Output {
  readonly manner: Manner;
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;

  /** `signal` ends a question that is open. */
  constructor(terminal: Terminal, manner: Manner, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#signal = signal;
    this.manner = manner;
  }

  /** As wide as the terminal; unlimited where the answer goes into a file or a pipe. */
  table(rows: readonly (readonly string[])[], indent = ''): string[] {
    const { isTTY, columns } = this.#terminal.stdout;
    return table(rows, isTTY === true ? (columns ?? 80) : undefined, indent);
  }

  get canAsk(): boolean {
    const { quiet, yes, json } = this.manner;
    return this.#terminal.stdin.isTTY === true && this.#terminal.stderr.isTTY === true && !quiet && !yes && !json;
  }

  /** A line of the answer as it comes (`watch`). */
  line(text: string): void {
    if (!this.manner.quiet) this.#terminal.stdout.write(`${text}\n`);
  }

  /** One object per line, whatever else was asked for. */
  jsonLine(value: unknown): void {
    this.#terminal.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** Worth knowing, but not the answer. */
  note(text: string): void {
    if (!this.manner.quiet) this.#terminal.stderr.write(`${text}\n`);
  }

  /** Said even when quiet: a script that fails must be able to say why. */
  complain(text: string): void {
    this.#terminal.stderr.write(`${text}\n`);
  }

  trace({ method, url, status, ms }: CallTrace): void {
    if (this.manner.verbose)
      this.#terminal.stderr.write(
        `${method} ${url} ${status === null ? 'no answer' : String(status)} ${ms < 10 ? ms.toFixed(1) : String(Math.round(ms))} ms\n`,
      );
  }

  answer(answer: Answer): void {
    if (this.manner.json) {
      this.jsonLine({
        ok: answer.exit === 0,
        data: answer.data,
        ...(answer.error === undefined ? {} : { error: answer.error }),
      });
      return;
    }
    if (this.manner.quiet) return;
    const lines = answer.text();
    if (lines.length > 0) this.#terminal.stdout.write(`${lines.join('\n')}\n`);
  }

  /** True only for a typed y or yes. Call only when `canAsk`. */
  async ask(lines: readonly string[], question: string): Promise<boolean> {
    const events = process.getBuiltinModule('node:events');
    const { stdin, stderr } = this.#terminal;
    const over = new AbortController();
    const signal = AbortSignal.any([this.#signal, over.signal]);
    stderr.write([...lines, `${question} [y/N] `].join('\n'));
    let typed: unknown[] = [];
    try {
      const heard = Promise.race([events.once(stdin, 'data', { signal }), events.once(stdin, 'end', { signal })]);
      stdin.resume();
      typed = await heard;
    } finally {
      over.abort();
      stdin.pause();
      if (typed.length === 0) stderr.write('\n');
    }
    return /^\s*y(es)?\s*$/i.test(String(typed[0]));
  }
}

/** The exit codes scripts rely on (docs/cli.md), and which one wins when several things happened. Prints nothing. */
import { AppError, toAppError } from '../../shared/errors.ts';
import type { ErrorCode, ErrorDetails, WireError } from '../../shared/errors.ts';
import { defined } from '../../shared/util/defined.ts';

export const EXIT = {
  /** Also: nothing to cancel, or cancelled already. */
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  /** Not proven stopped in time. */
  notProven: 5,
  /** Too late: it had ended. */
  tooLate: 6,
  interrupted: 130,
} as const;
export type Exit = (typeof EXIT)[keyof typeof EXIT];

const ORDER: readonly Exit[] = [
  EXIT.usage,
  EXIT.unreachable,
  EXIT.failed,
  EXIT.notFound,
  EXIT.notProven,
  EXIT.tooLate,
  EXIT.done,
];

/** Several ids, one code: the first that applies of 2, 4, 1, 3, 5, 6, 0. */
export function worst(exits: Iterable<Exit>): Exit {
  const all = new Set(exits);
  return ORDER.find((exit) => all.has(exit)) ?? EXIT.done;
}

/** What is thrown to end a verb with a sentence of ours. `hint` follows on a line of its own. */
export class Failure extends AppError {
  readonly exit: Exit;
  readonly hint: string | null;
  /** The message is for logs and scripts: people need the words of its code before it. */
  readonly bare: boolean;

  constructor(
    exit: Exit,
    message: string,
    options: { code?: ErrorCode; hint?: string; details?: ErrorDetails; bare?: boolean } = {},
  ) {
    super(options.code ?? CODES[exit], message, defined({ details: options.details }));
    this.exit = exit;
    this.hint = options.hint ?? null;
    this.bare = options.bare ?? false;
  }
}

const CODES: Record<Exit, ErrorCode> = {
  [EXIT.done]: 'bug',
  [EXIT.failed]: 'conflict',
  [EXIT.usage]: 'invalid_request',
  [EXIT.notFound]: 'not_found',
  [EXIT.unreachable]: 'server_unreachable',
  [EXIT.notProven]: 'server_timeout',
  [EXIT.tooLate]: 'conflict',
  [EXIT.interrupted]: 'bug',
};

/** The `error` of a `--json` answer whose verb did its work but not with 0. */
export function errorFor(exit: Exit, message: string, details?: ErrorDetails): WireError {
  return { code: CODES[exit], message, ...defined({ details }) };
}

const BY_CODE: Partial<Record<ErrorCode, Exit>> = {
  invalid_request: EXIT.usage,
  not_found: EXIT.notFound,
  server_unreachable: EXIT.unreachable,
  server_timeout: EXIT.unreachable,
};

/** Any thrown value as a Failure. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { code, message, details } = toAppError(error);
  return new Failure(BY_CODE[code] ?? EXIT.failed, message, {
    code,
    bare: true,
    ...defined({ details }),
  });
}

export const usage = (message: string, hint?: string): Failure =>
  new Failure(EXIT.usage, message, hint === undefined ? {} : { hint });

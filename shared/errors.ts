/**
 * The error taxonomy (architecture §12): one class, a closed table of codes, and the wire form.
 * Errors are classified once, in an adapter or at a boundary, from protocol fields. No sentences for people are made
 * here: `message` is for logs and scripts, the faces translate `code`.
 */
export const ERROR_CODES = [
  'invalid_request',
  'not_found',
  'conflict',
  'not_allowed',
  'server_unreachable',
  'server_timeout',
  'server_auth',
  'server_unsupported',
  'server_protocol',
  'server_rejected',
  'execution_failed',
  'stopped_elsewhere',
  'lost',
  'outputs_unavailable',
  'storage',
  'bug',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

const RETRYABLE: ReadonlySet<ErrorCode> = new Set(['server_unreachable', 'server_timeout']);

export type ErrorDetails = Readonly<Record<string, unknown>>;

/** The only error class that crosses a boundary. `retryable` says that the same call may succeed later, unchanged. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, options: { details?: ErrorDetails; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = RETRYABLE.has(code);
    this.details = options.details;
  }
}

export interface WireError {
  code: ErrorCode;
  message: string;
  details?: ErrorDetails;
  cause?: { code?: string; message: string };
}

const isCode = (value: unknown): value is ErrorCode => ERROR_CODES.some((code) => code === value);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** True for what an aborted wait throws. Aborts are not errors: they never reach a log above debug, nor a face. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Any thrown value as an AppError; what we did not foresee is a `bug`, with its cause kept. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('bug', message, { cause: error });
}

export function toWire(error: unknown): WireError {
  const app = toAppError(error);
  const wire: WireError = { code: app.code, message: app.message };
  if (app.details !== undefined) wire.details = app.details;
  if (app.cause instanceof Error) {
    const code: unknown = 'code' in app.cause ? app.cause.code : undefined;
    wire.cause = typeof code === 'string' ? { code, message: app.cause.message } : { message: app.cause.message };
  }
  return wire;
}

/** Reads a wire error of any peer; an unreadable one becomes a `bug` that keeps its text. */
export function fromWire(value: unknown): AppError {
  if (!isRecord(value)) return new AppError('bug', 'unreadable error from the other side');
  const { code, message, details, cause } = value;
  return new AppError(isCode(code) ? code : 'bug', typeof message === 'string' ? message : 'no message', {
    ...(isRecord(details) ? { details } : {}),
    ...(isRecord(cause) && typeof cause['message'] === 'string' ? { cause: new Error(cause['message']) } : {}),
  });
}

/** Assertions for what must never be; a failure is a bug of ours, never bad input. */
import { AppError } from '../errors.ts';

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AppError('bug', message);
}

/** Makes the compiler prove that a union is exhausted. */
export function assertNever(value: never): never {
  throw new AppError('bug', `unexpected value: ${JSON.stringify(value)}`);
}

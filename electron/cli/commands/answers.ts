/** Small helpers every command ends with. */
import { EXIT, errorFor } from '../exit-codes.ts';
import type { Answer } from '../output.ts';

export const done = (data: object, text: () => readonly string[]): Answer => ({ exit: EXIT.done, data, text });

/** The person at the terminal said no. */
export const declined = (what: string): Answer => ({
  exit: EXIT.failed,
  data: null,
  text: () => [what],
  error: errorFor(EXIT.failed, what),
  why: null,
});

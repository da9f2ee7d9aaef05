/** Small helpers every command ends with. */
import { EXIT } from '../exit-codes.ts';
import type { Answer } from '../output.ts';

export const done = (data: object, text: () => readonly string[]): Answer => ({ exit: EXIT.done, data, text });

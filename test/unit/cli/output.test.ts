/** A question at a terminal that is left by Ctrl+C: it ends as an abort, and the next line begins at its beginning. */
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { Output } from '../../../electron/cli/output.ts';
import { isAbort } from '../../../shared/errors.ts';
import { Aborted } from '../../../shared/util/async.ts';

it('a question ends with the signal, and hears nothing after it', async () => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const left = new AbortController();
  const out = new Output(
    { stdin, stdout, stderr },
    { json: false, quiet: false, verbose: false, yes: false },
    left.signal,
  );
  const asked = out.ask(['  1 waiting job'], 'Cancel it?').catch((error: unknown) => error);
  left.abort(new Aborted('CallerLeft'));
  expect(isAbort(await asked)).toBe(true);
  expect(String(stderr.read())).toBe('  1 waiting job\nCancel it? [y/N] \n');
  expect([stdin.listenerCount('data'), stdin.listenerCount('end'), stdin.isPaused()]).toEqual([0, 0, true]);
});

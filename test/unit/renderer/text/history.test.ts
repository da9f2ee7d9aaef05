/** architecture §7.4, §7.5: each ending has its sentence, and no outcome is called by another's. */
import { expect, it } from 'vitest';
import { endingOf, foreignEnding, settledText } from '../../../../renderer/text/endings.ts';
import { historyText } from '../../../../renderer/text/history.ts';
import { stepText } from '../../../../renderer/text/trail.ts';
import type { CancelOutcome, Asker } from '../../../../shared/cancel.ts';
import type { ErrorCode } from '../../../../shared/errors.ts';
import type { RequestId, ServerId } from '../../../../shared/ids.ts';
import type { JobView } from '../../../../shared/job.ts';
import { jobView } from '../sample-pages.ts';

const cancel = (outcome: CancelOutcome, by: Asker = 'window', note: string | null = null): Partial<JobView> => ({
  cancel: {
    requestId: 'r' as RequestId,
    mode: 'stop',
    requestedAt: 1,
    by,
    note,
    outcome,
    settledAt: 2,
    tookMs: 1_300,
    lastStep: null,
  },
});
const error = (code: ErrorCode, details: Record<string, unknown>, message = ''): Partial<JobView> => ({
  state: 'failed',
  error: { code, message, details },
});

it.each<[string, Partial<JobView>, string | null]>([
  ['Done in 50 s, 4 files', {}, null],
  [
    'Done in 50 s, 2 files',
    { outputs: { expected: 4, stored: 2, missing: 2, partial: false, thumb: null } },
    '2 of 4 files could not be fetched',
  ],
  [
    'Cancelled before it was sent',
    { state: 'cancelled', ...cancel({ outcome: 'cancelled', reach: 'local', evidence: 'proven', partialOutputs: 0 }) },
    'by you',
  ],
  [
    'Cancelled; it had not started',
    {
      state: 'cancelled',
      ...cancel({ outcome: 'cancelled', reach: 'waiting', evidence: 'proven', partialOutputs: 0 }, 'cli'),
    },
    'from the command line',
  ],
  [
    'Cancelled after 1.3 s, 2 of 4 images kept',
    {
      state: 'cancelled',
      ...cancel(
        { outcome: 'cancelled', reach: 'running', evidence: 'proven', partialOutputs: 2 },
        'tray',
        'wrong lens',
      ),
    },
    'by you, from the tray: “wrong lens”',
  ],
  [
    'Cancelled; the server never showed it',
    {
      state: 'cancelled',
      ...cancel({ outcome: 'cancelled', reach: 'local', evidence: 'presumed', partialOutputs: 0 }),
    },
    'by you',
  ],
  [
    'Cancelled; its backend may finish the current step',
    {
      kind: 'swarm',
      state: 'cancelled',
      ...cancel({ outcome: 'cancelled', reach: 'running', evidence: 'presumed', partialOutputs: 0 }),
    },
    'by you',
  ],
  ['Finished before it could be cancelled', cancel({ outcome: 'too-late', state: 'done' }), null],
  [
    'Failed before it could be cancelled',
    {
      ...error('execution_failed', { nodeType: 'VAEDecode', outOfMemory: true }),
      ...cancel({ outcome: 'too-late', state: 'failed' }),
    },
    'Failed in VAEDecode: out of memory',
  ],
  [
    'The server restarted; it may have run',
    { ...error('lost', { cause: 'server-restarted' }), ...cancel({ outcome: 'unknown', cause: 'server-restarted' }) },
    'by you',
  ],
  ['It left no trace on the server; it may have run', error('lost', { cause: 'no-trace' }), null],
  [
    'Failed in VAEDecode: out of memory',
    error('execution_failed', { nodeType: 'VAEDecode', outOfMemory: true }, 'Allocation failed\nmore'),
    'Allocation failed',
  ],
  ['Failed in KSampler', error('execution_failed', { nodeType: 'KSampler' }, 'bad shape'), 'bad shape'],
  ['Stopped elsewhere', error('stopped_elsewhere', { by: 'another-client' }), 'another client interrupted the server'],
  [
    'Stopped elsewhere',
    error('stopped_elsewhere', { by: 'removed-from-queue' }),
    'it was removed from the server’s queue',
  ],
  [
    'Stopped elsewhere',
    error('stopped_elsewhere', { by: 'collateral' }),
    'hit by an interrupt of ours meant for a neighbour',
  ],
])('%s', (sentence, job, second) => {
  const ending = endingOf(jobView('a', 1_000_000, job));
  expect(`${ending.word}${ending.rest}`).toBe(sentence);
  expect(ending.second).toBe(second);
});

it('a late arrival is told in the row and in the trail, with its time', () => {
  const { cancel: view } = cancel({ outcome: 'cancelled', reach: 'local', evidence: 'presumed', partialOutputs: 0 });
  if (view === undefined || view === null) throw new Error('no cancel');
  const lastStep = { step: 'arrived-late', at: 9, sinceMs: 8, route: null, detail: '3.2 s' } as const;
  expect(endingOf(jobView('a', 1, { state: 'cancelled', cancel: { ...view, lastStep } }))).toMatchObject({
    second: 'by you. It arrived after all and was stopped after 3.2 s',
  });
  expect(stepText('unreachable', null)).toBe('The server does not answer; will retry');
  expect(stepText('waiting', 'KSampler')).toBe('Waiting for KSampler to stop');
  expect(stepText('looked', 'absent')).toBe('Looked on the server: it is not there');
});

it('nothing is called cancelled that was not', () => {
  for (const outcome of [
    { outcome: 'too-late', state: 'done' },
    { outcome: 'too-late', state: 'failed' },
    { outcome: 'unknown', cause: 'no-trace' },
  ] as const) {
    const state = outcome.outcome === 'too-late' && outcome.state === 'done' ? 'done' : 'failed';
    expect(endingOf(jobView('a', 1, { state, ...cancel(outcome) })).word).not.toMatch(/cancelled/i);
  }
});

it('a foreign job says no more than is known', () => {
  const job = {
    serverId: 's' as ServerId,
    remoteKey: 'k',
    state: 'ended',
    place: null,
    cancelling: false,
    firstSeen: 0,
    startedAt: null,
    endedAt: 9,
  } as const;
  expect(foreignEnding({ ...job, how: 'gone' }).rest).toMatch(/not known/);
  expect(foreignEnding({ ...job, how: 'done', startedAt: 0, endedAt: 58_000 }).rest).toBe('Done in 58 s');
});

it('a refusal names the first input that was refused, and the server’s own sentence where it names none', () => {
  const refused = (details: Record<string, unknown>): string | null =>
    endingOf(jobView('a', 1, error('server_rejected', details, 'Prompt outputs failed validation'))).second;
  const fault = { type: 'value_not_in_list', message: 'Value not in list', details: "ckpt_name: 'gone' not in []" };
  expect(refused({ node_errors: { '4': { class_type: 'CheckpointLoaderSimple', errors: [fault] } } })).toBe(
    "CheckpointLoaderSimple: Value not in list: ckpt_name: 'gone' not in []",
  );
  expect(refused({})).toBe('Prompt outputs failed validation');
});

it('the last station of a cancel says what came of it', () => {
  const local = cancel({ outcome: 'cancelled', reach: 'local', evidence: 'proven', partialOutputs: 0 });
  expect(settledText(jobView('a', 1, { state: 'cancelled', ...local }))).toBe('Cancelled before it was sent');
  expect(settledText(jobView('a', 1, cancel({ outcome: 'too-late', state: 'done' })))).toBe(
    'Finished before it could be cancelled',
  );
});

it('another client’s prompt is told by the start of its id, without the number of a SwarmUI backend', () => {
  expect(historyText.foreignKey('a0871c22-1b')).toBe('prompt a087…');
  expect(historyText.foreignKey('0:69e31c22-1b')).toBe('prompt 69e3…');
});

it('files we stopped waiting for are not called gone', () => {
  expect(
    endingOf(
      jobView('a', 1, {
        ...error('outputs_unavailable', { givenUp: true }),
        outputs: { expected: 0, stored: 0, missing: 1, partial: false, thumb: null },
      }),
    ),
  ).toMatchObject({
    word: 'Finished',
    rest: '; its files were not fetched',
    second: 'Switchyard stopped waiting for them',
  });
  const none = { expected: 0, stored: 0, missing: 1, partial: false, thumb: null };
  const gone = { ...error('outputs_unavailable', {}), outputs: none };
  expect(endingOf(jobView('a', 1, gone)).rest).toBe(', but its files are gone');
  expect(endingOf(jobView('a', 1, { ...gone, outputs: { ...none, stored: 1, missing: 0 } }))).toMatchObject({
    rest: ', 1 file fetched later',
    second: null,
  });
});

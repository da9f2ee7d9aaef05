/** The question before a cancel is made of the preview's counts and of nothing else. */
import { expect, test } from 'vitest';
import { cancelWords, foreignWords } from '../../../../renderer/text/cancel.ts';
import { waitingFor } from '../../../../renderer/text/queue.ts';
import type { CancelPreview } from '../../../../shared/cancel-schema.ts';
import { serverIdOf } from '../views.ts';

const none = { local: 0, staged: 0, running: 0, collecting: 0, foreign: 0, foreignKept: 0 };
function preview(counts: Partial<typeof none>, more: Partial<CancelPreview> = {}): CancelPreview {
  const total = { ...none, ...counts };
  return {
    token: 't',
    total,
    servers: [{ serverId: serverIdOf('s1'), name: 'Studio-4090', counts: total }],
    title: null,
    warnings: [],
    ...more,
  };
}
const stop = { mode: 'stop', after: false } as const;

test('counts, names the server, and says what happens to each kind', () => {
  const words = cancelWords(preview({ running: 1, local: 12, staged: 1, foreignKept: 1 }), stop);
  expect(words.title).toBe('Cancel 14 jobs on Studio-4090?');
  expect(words.act).toBe('Cancel 14 jobs');
  expect(words.keep).toBe('Keep jobs');
  expect(words.sentences.map(({ strong, rest }) => `${strong} ${rest}`)).toEqual([
    '1 running stops at its next step. Its images so far are kept.',
    '13 waiting are removed. You can put them back from History.',
    '1 foreign job is left alone.',
  ]);
});

test('jobs bound for any server are no second server', () => {
  const here = { serverId: serverIdOf('s1'), name: 'Studio-4090', counts: { ...none, running: 1 } };
  const there = { serverId: serverIdOf('s2'), name: 'Attic', counts: { ...none, staged: 1 } };
  const any = { serverId: null, name: null, counts: { ...none, local: 1 } };
  const titleOf = (...servers: CancelPreview['servers']): string =>
    cancelWords(preview({ running: 1, local: 1 }, { servers }), stop).title;
  expect(titleOf(here, any)).toBe('Cancel 2 jobs?');
  expect(titleOf(any)).toBe('Cancel 2 jobs?');
  expect(titleOf(here, there)).toBe('Cancel 2 jobs on 2 servers?');
});

test('one job is called by its title', () => {
  const words = cancelWords(preview({ running: 1 }, { title: 'harbour at dawn' }), stop);
  expect(words).toMatchObject({
    title: 'Cancel “harbour at dawn” on Studio-4090?',
    act: 'Cancel job',
    keep: 'Keep job',
  });
});

test('cancel waiting does not count what runs on, and says that it does', () => {
  const words = cancelWords(preview({ running: 2, local: 3 }), { mode: 'if-waiting', after: false });
  expect(words.act).toBe('Cancel 3 jobs');
  expect(words.sentences[0]).toMatchObject({ strong: '2 running', rest: 'run on to their end.' });
});

test('other people’s work is called that', () => {
  expect(
    cancelWords(preview({ running: 1, foreign: 2 }), stop)
      .sentences.map(({ rest }) => rest)
      .join(' '),
  ).toContain('belong to other people');
  expect(foreignWords(1, 1, 'Studio-4090')).toMatchObject({
    title: 'Cancel 1 foreign job on Studio-4090?',
    keep: 'Keep job',
  });
});

test('a cancelling row names what it waits for', () => {
  expect(waitingFor({ phase: 'running', node: 'KSampler', step: 19, steps: 30 }, 'waiting')).toBe(
    'waiting for KSampler, step 19 of 30',
  );
  expect(waitingFor({ phase: 'running', node: 'VAE Decode', step: null, steps: null }, 'heard')).toBe(
    'waiting for VAE Decode',
  );
  expect(waitingFor(null, null)).toBe('waiting for the server');
  expect(waitingFor(null, 'runs-on')).toBe('this server is too old to stop one job safely: it will finish');
});

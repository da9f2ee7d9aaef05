/** What one fact writes besides the state: outputs, the trail, the words that search finds. Each named after what went wrong once. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JobFact } from '../../../../shared/job-fact.ts';
import { openStores } from '../../../support/stores.ts';
import type { Stores } from '../../../support/stores.ts';

let s: Stores;
beforeEach(() => {
  s = openStores();
});
afterEach(() => {
  s.close();
});

const picture = (ordinal: number): Extract<JobFact, { type: 'finished' }>['outputs'][number] => ({
  ordinal,
  nodeId: '9',
  remote: '{}',
  name: `${String(ordinal)}.png`,
  media: 'image',
});
const stopped = (by: 'collateral' | 'unknown'): JobFact => ({
  type: 'stopped',
  reach: 'running',
  outputs: [picture(0)],
  by,
  evidence: 'proven',
});

describe('outputs', () => {
  it('what-a-neighbour-left: pictures of an attempt that goes back to the queue are not mixed with those of the next', () => {
    const id = s.add();
    s.claim(id);
    s.jobs.advance(id, { type: 'started' });
    expect(s.jobs.advance(id, stopped('collateral'))).toMatchObject({ changed: true, to: 'queued' });
    expect(s.views.outputs(id)).toEqual([]);
    s.claim(id);
    s.jobs.advance(id, { type: 'finished', outputs: [picture(0)] });
    expect(s.views.outputs(id)).toHaveLength(1);
    expect(s.views.one(id).outputs).toMatchObject({ expected: 1, partial: false });
  });

  it('pictures of an attempt that was stopped for good are kept, marked as partial', () => {
    const id = s.add();
    s.claim(id);
    s.jobs.advance(id, stopped('unknown'));
    expect(s.views.one(id)).toMatchObject({ state: 'failed', outputs: { expected: 1, partial: true } });
  });
});

describe('the trail', () => {
  const asking = { mode: 'stop' as const, by: 'window' as const, note: null };

  it('step-of-no-request: a request that could not be written down does not keep later ones from being', () => {
    const [lost, next] = [s.add(), s.add()];
    s.claim(lost);
    s.claim(next);
    s.db.raw.exec(
      "CREATE TEMP TRIGGER no_room BEFORE INSERT ON cancel_steps BEGIN SELECT RAISE(ABORT, 'no room'); END",
    );
    expect(() => s.db.tx(() => s.cancels.ask(lost, asking, Date.now()))).toThrow(/no room/);
    s.db.raw.exec('DROP TRIGGER no_room');
    expect(s.cancels.openOf(lost)).toBeUndefined();
    s.db.tx(() => s.cancels.ask(next, asking, Date.now()));
    expect(s.cancels.trailOf(next).map(({ steps }) => steps.map(({ step }) => step))).toEqual([['requested']]);
    s.db.tx(() => s.cancels.ask(lost, asking, Date.now()));
    expect(s.cancels.trailOf(lost)[0]?.steps).toHaveLength(1);
  });

  it('what is only noted of a request that is forgotten goes with it', () => {
    const [gone, next] = [s.add(), s.add()];
    s.claim(next);
    s.claim(gone);
    const request = s.db.tx(() => s.cancels.ask(gone, asking, Date.now()));
    s.jobs.advance(gone, stopped('unknown'));
    s.cancels.note(request, 'looked', null, null);
    s.history.forget([gone]);
    s.db.tx(() => s.cancels.ask(next, asking, Date.now()));
    expect(s.cancels.openOf(next)).toBeDefined();
  });
});

describe('search', () => {
  it('note-of-a-running-cancel: the reason given for a cancel is found, wherever the job was', () => {
    const asking = { mode: 'stop' as const, by: 'window' as const, note: 'zebra crossing missing' };
    const [waiting, running] = [s.add(), s.add()];
    s.claim(running);
    s.jobs.advance(running, { type: 'started' });
    s.db.tx(() => {
      s.jobs.cancelQueued([waiting], asking, Date.now());
      s.cancels.ask(running, asking, Date.now());
    });
    s.jobs.advance(running, stopped('unknown'));
    const { keys } = s.history.search('zebra', { foreign: 'without' }, undefined, 10);
    expect(keys.map((key) => key.type === 'job' && key.id)).toEqual([running, waiting]);
  });
});

describe('submissions', () => {
  it('tokens of old presses go, a slice at a time; new ones stay', () => {
    const remember = s.db.raw.prepare("INSERT INTO submissions (token, job_ids, at) VALUES (?, '[]', ?)");
    for (const at of [1, 2, 3, 9]) remember.run(`press ${String(at)}`, at);
    expect(s.history.forgetTokens(5, 2)).toBe(2);
    expect(s.history.forgetTokens(5, 2)).toBe(1);
    expect(s.db.raw.prepare('SELECT token FROM submissions').pluck().all()).toEqual(['press 9']);
  });
});

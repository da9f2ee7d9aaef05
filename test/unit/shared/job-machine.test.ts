/** The transition table of architecture §6, every state × every fact. */
import { describe, expect, it } from 'vitest';
import { CANCEL_MODES } from '../../../shared/cancel.ts';
import type { FactType, JobFact } from '../../../shared/job-fact.ts';
import { advance, isTerminal, JOB_STATES } from '../../../shared/job-machine.ts';
import type { JobState, MachineJob } from '../../../shared/job-machine.ts';

const output = { ordinal: 0, nodeId: '9', remote: '{}', name: 'a.png', media: 'image' as const };
const facts: Record<FactType, JobFact> = {
  claim: { type: 'claim' },
  cancelLocal: { type: 'cancelLocal' },
  notSent: { type: 'notSent', evidence: 'proven' },
  rejected: { type: 'rejected', error: { code: 'server_rejected', message: 'no' } },
  accepted: { type: 'accepted', number: 1, nodeErrors: null },
  started: { type: 'started' },
  finished: { type: 'finished', outputs: [output] },
  executionFailed: { type: 'executionFailed', error: { code: 'execution_failed', message: 'boom' }, outputs: [] },
  stopped: { type: 'stopped', reach: 'running', outputs: [], by: 'another-client', evidence: 'proven' },
  vanished: { type: 'vanished', cause: 'server-restarted' },
  collected: { type: 'collected' },
  collectFailed: { type: 'collectFailed', stored: 0 },
};
/** From the table: where each fact leads from where it is legal, without a cancel. */
const table: Record<FactType, Partial<Record<JobState, JobState>>> = {
  claim: { queued: 'submitting' },
  cancelLocal: { queued: 'cancelled' },
  notSent: { submitting: 'queued' },
  rejected: { submitting: 'failed' },
  accepted: { submitting: 'accepted' },
  started: { submitting: 'running', accepted: 'running' },
  finished: { submitting: 'collecting', accepted: 'collecting', running: 'collecting' },
  executionFailed: { submitting: 'failed', accepted: 'failed', running: 'failed' },
  stopped: { submitting: 'failed', accepted: 'failed', running: 'failed' },
  vanished: { submitting: 'failed', accepted: 'failed', running: 'failed' },
  collected: { collecting: 'done' },
  collectFailed: { collecting: 'failed' },
};
const job = (state: JobState, more: Partial<MachineJob> = {}): MachineJob => ({
  state,
  held: false,
  openCancel: null,
  partialOutputs: 0,
  collateralUsed: false,
  ...more,
});

describe('advance', () => {
  for (const state of JOB_STATES) {
    for (const [type, fact] of Object.entries(facts) as [FactType, JobFact][]) {
      it(`${state} × ${type}`, () => {
        const answer = advance(job(state), fact);
        const to = table[type][state];
        if (to === undefined) expect(answer).toEqual({ ok: false, why: isTerminal(state) ? 'final' : 'illegal' });
        else expect(answer).toMatchObject({ ok: true, transition: { to } });
      });
    }
  }

  it('settles an open cancel on every way into a terminal state', () => {
    for (const mode of CANCEL_MODES) {
      for (const state of JOB_STATES.filter((one) => !isTerminal(one) && one !== 'collecting')) {
        for (const fact of Object.values(facts)) {
          const answer = advance(job(state, { openCancel: mode }), fact);
          if (answer.ok && isTerminal(answer.transition.to))
            expect(answer.transition.settle, `${state} × ${fact.type}`).not.toBeNull();
        }
      }
    }
  });

  it('answers an open cancel by what was seen, fact by fact: cancelled only for what stopped it', () => {
    const settled = (fact: JobFact): unknown => {
      const answer = advance(job('running', { openCancel: 'stop' }), fact);
      return answer.ok ? answer.transition.settle : answer.why;
    };
    expect(settled(facts.finished)).toEqual({ outcome: 'too-late', state: 'done' });
    expect(settled({ type: 'finished', outputs: [] })).toEqual({ outcome: 'too-late', state: 'done' });
    expect(settled(facts.executionFailed)).toEqual({ outcome: 'too-late', state: 'failed' });
    expect(settled(facts.vanished)).toEqual({ outcome: 'unknown', cause: 'server-restarted' });
    expect(settled({ type: 'vanished', cause: 'no-trace' })).toEqual({ outcome: 'unknown', cause: 'no-trace' });
    expect(settled(facts.stopped)).toEqual({
      outcome: 'cancelled',
      reach: 'running',
      evidence: 'proven',
      partialOutputs: 0,
    });
    expect(advance(job('submitting', { openCancel: 'stop' }), facts.rejected)).toMatchObject({
      transition: { settle: { outcome: 'too-late', state: 'failed' } },
    });
  });

  it('closes the attempt on every way off a server but collecting', () => {
    for (const state of ['submitting', 'accepted', 'running', 'collecting'] as const) {
      for (const fact of Object.values(facts)) {
        const answer = advance(job(state), fact);
        if (answer.ok && (isTerminal(answer.transition.to) || answer.transition.to === 'queued'))
          expect(answer.transition.close).not.toBeNull();
      }
    }
  });

  it('never claims a job with an open cancel, nor a held one', () => {
    expect(advance(job('queued', { openCancel: 'stop' }), facts.claim)).toEqual({ ok: false, why: 'cancel-open' });
    expect(advance(job('queued', { held: true }), facts.claim)).toEqual({ ok: false, why: 'held' });
  });

  it('a job that starts answers an if-waiting cancel: it runs on', () => {
    expect(advance(job('accepted', { openCancel: 'if-waiting' }), facts.started)).toMatchObject({
      transition: { to: 'running', settle: { outcome: 'too-late', state: 'running' } },
    });
    expect(advance(job('accepted', { openCancel: 'stop' }), facts.started)).toMatchObject({
      transition: { to: 'running', settle: null },
    });
  });

  it('an if-waiting cancel never claims the stop of a running job for itself', () => {
    const answer = advance(job('accepted', { openCancel: 'if-waiting' }), facts.stopped);
    expect(answer).toMatchObject({ transition: { to: 'failed', settle: { outcome: 'too-late', state: 'failed' } } });
  });

  it('a neighbour of an interrupt of ours goes back to the queue once, then fails', () => {
    const hit: JobFact = { type: 'stopped', reach: 'running', outputs: [], by: 'collateral', evidence: 'proven' };
    expect(advance(job('running'), hit)).toMatchObject({ transition: { to: 'queued', close: 'collateral' } });
    expect(advance(job('running', { collateralUsed: true }), hit)).toMatchObject({
      transition: { to: 'failed', error: { code: 'stopped_elsewhere' } },
    });
    expect(advance(job('running', { openCancel: 'stop' }), hit)).toMatchObject({ transition: { to: 'cancelled' } });
  });

  it('an unsure submit that was cancelled is presumed, not proven', () => {
    const answer = advance(job('submitting', { openCancel: 'stop' }), { type: 'notSent', evidence: 'presumed' });
    expect(answer).toMatchObject({ transition: { to: 'cancelled', settle: { reach: 'local', evidence: 'presumed' } } });
  });

  it('counts partial outputs: those stored and those named now', () => {
    const answer = advance(job('running', { openCancel: 'stop', partialOutputs: 1 }), {
      type: 'stopped',
      reach: 'running',
      outputs: [output],
      by: 'unknown',
      evidence: 'proven',
    });
    expect(answer).toMatchObject({ transition: { settle: { partialOutputs: 2 } } });
  });

  it('a finished job without outputs is done at once', () => {
    expect(advance(job('running', { openCancel: 'stop' }), { type: 'finished', outputs: [] })).toMatchObject({
      transition: { to: 'done', close: 'finished', settle: { outcome: 'too-late', state: 'done' } },
    });
  });

  it('some files stored is done, none is outputs_unavailable', () => {
    expect(advance(job('collecting'), { type: 'collectFailed', stored: 1 })).toMatchObject({
      transition: { to: 'done' },
    });
    expect(advance(job('collecting'), { type: 'collectFailed', stored: 0 })).toMatchObject({
      transition: { to: 'failed', error: { code: 'outputs_unavailable' } },
    });
  });
});

/** The small pure parts: estimates, refusals by node, what a server can do in words. */
import { describe, expect, it } from 'vitest';
import { nodeErrorsOf } from '../../../shared/workflow/node-errors.ts';
import { freeInMs, jobsFor, usualMsOf } from '../../../renderer/views/submit-estimate.ts';
import { abilities, problemText, reasonText } from '../../../renderer/text/servers.ts';
import type { ServerId } from '../../../shared/ids.ts';
import type { JobView } from '../../../shared/job.ts';
import { jobView } from './sample-pages.ts';

const studio = 'studio' as ServerId;
const open = (id: string, more: Partial<JobView> = {}): JobView =>
  jobView(id, 1_000, {
    state: 'queued',
    endedAt: null,
    startedAt: null,
    serverId: studio,
    onServerId: null,
    usualMs: { low: 8_000, high: 12_000 },
    ...more,
  });

describe('when a server is free', () => {
  it('is the sum of what is before us, less what has run already', () => {
    const jobs = [open('a'), open('b', { state: 'running', onServerId: studio, startedAt: 100_000 })];
    expect(freeInMs(jobsFor(jobs, studio), 0, 104_000)).toBe(16_000);
  });

  it('is not known with foreign work there, or a job never seen before', () => {
    expect(freeInMs([open('a')], 1, 0)).toBeNull();
    expect(freeInMs([open('a', { usualMs: null })], 0, 0)).toBeNull();
  });

  it('counts what waits for it by name and what is on it, nothing else', () => {
    const jobs = [
      open('a'),
      open('b', { serverId: null }),
      open('c', { serverId: null, state: 'running', onServerId: studio }),
      jobView('d', 9),
    ];
    expect(jobsFor(jobs, studio).map(({ id }) => id)).toEqual(['a', 'c']);
  });
});

describe('how long one takes', () => {
  const like = { source: 'flux.json', width: 1_344, height: 768, images: 4 };
  it('is what the newest job of its kind took on that server', () => {
    const jobs = [jobView('old', 1_000, { ranMs: 90_000 }), jobView('new', 9_000, { ranMs: 40_000, createdAt: 8_000 })];
    expect(usualMsOf(jobs, like, studio)).toBe(40_000);
  });

  it('is not known from another size, another server or a job that failed', () => {
    expect(usualMsOf([jobView('a', 1)], { ...like, width: 512 }, studio)).toBeNull();
    expect(usualMsOf([jobView('a', 1)], like, 'laptop' as ServerId)).toBeNull();
    expect(usualMsOf([jobView('a', 1, { state: 'failed' })], like, studio)).toBeNull();
  });
});

describe('a refusal by node', () => {
  const graph = { '3': { class_type: 'KSampler', inputs: {}, _meta: { title: 'First pass' } } };
  const refusal = (errors: unknown[]) => ({
    code: 'server_rejected' as const,
    message: '',
    details: {
      node_errors: {
        '3': { class_type: 'KSampler', errors },
        '9': { class_type: 'SaveImage', errors: [{ type: 'exception_during_inner_validation', message: 'follow-up' }] },
      },
    },
  });

  it('names nodes by their titles and leaves follow-ups out', () => {
    const error = refusal([
      { type: 'value_not_in_list', message: 'Value not in list', details: "sampler_name: 'eulr'" },
    ]);
    expect(nodeErrorsOf(error, graph)).toEqual([
      { nodeId: '3', node: 'First pass', message: "Value not in list: sampler_name: 'eulr'" },
    ]);
  });

  it('shows the follow-up where nothing else is said, and nothing for a shape it does not know', () => {
    expect(nodeErrorsOf(refusal([]), graph)).toMatchObject([{ node: 'SaveImage', message: 'follow-up' }]);
    expect(nodeErrorsOf({ code: 'server_rejected', message: 'x', details: { node_errors: 'no' } }, graph)).toEqual([]);
  });
});

describe('what a server can do, in words', () => {
  const all = {
    promptId: true,
    targetedInterrupt: true,
    jobsApi: true,
    jobCancel: true,
    previewMetadata: true,
    permissions: [],
    passthrough: true,
  };
  it('promises an exact stop only where the server has one', () => {
    expect(abilities('comfy', all, false)).toMatchObject([{ tone: 'go' }]);
    expect(abilities('comfy', { ...all, targetedInterrupt: false }, false)[0]).toMatchObject({
      tone: 'hold',
      text: expect.stringMatching(/can’t be cancelled/),
    });
    expect(abilities('comfy', { ...all, targetedInterrupt: false }, true)[0]?.text).toMatch(/may hit a neighbour/);
  });

  it('shows a problem nobody has words for rather than hide it', () => {
    expect(problemText('moon-phase', { phase: 'full' })).toBe('moon-phase: phase full');
  });

  it('says why nothing answers', () => {
    expect(reasonText({ code: 'server_unreachable', message: '', cause: { code: 'ECONNREFUSED', message: '' } })).toBe(
      'connection refused',
    );
    expect(
      reasonText({
        code: 'server_unreachable',
        message: '',
        cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT', message: '' },
      }),
    ).toMatch(/certificate/);
  });
});

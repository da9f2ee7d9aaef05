import { EventEmitter } from 'node:events';
import type { Notification } from 'electron';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Notifier } from '../../../../electron/desktop/notices/notifier.ts';
import type { Events } from '../../../../shared/contract.ts';
import { DEFAULT_SETTINGS } from '../../../../shared/settings.ts';
import { Emitter } from '../../../../shared/util/emitter.ts';
import { cancelOpen, jobView, summary } from '../samples.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Its notifications are shown and say nothing more until a test clicks or fails one (electron_api_notification.cc). */
function site(options: { focused?: boolean; none?: boolean } = {}) {
  const events = new Emitter<Events>((error) => {
    throw error;
  });
  const shown: { title: string; body: string; emitter: EventEmitter }[] = [];
  const toasts: string[] = [];
  const opened: string[] = [];
  const notifier = new Notifier({
    events,
    make:
      options.none === true
        ? null
        : ({ title = '', body = '' }) => {
            const emitter = Object.assign(new EventEmitter(), { show: () => undefined, close: () => undefined });
            shown.push({ title, body, emitter });
            return emitter as unknown as Notification;
          },
    settings: () => DEFAULT_SETTINGS,
    focused: () => options.focused ?? false,
    serverName: () => 'Studio',
    open: (place) => opened.push(place),
    toast: ({ title }) => toasts.push(title),
  });
  return { events, shown, toasts, opened, notifier };
}
const endedNow = { endedAt: Date.now() + 86_400_000 };

describe('the notifier', () => {
  it('tells a failure once, however often its job changes afterwards', () => {
    const { events, shown } = site();
    const failed = jobView(1, {
      state: 'failed',
      ...endedNow,
      error: { code: 'execution_failed', message: 'KSampler: out of memory' },
    });
    events.emit('job.changed', failed);
    events.emit('job.changed', { ...failed, rev: 2, note: 'x' });
    vi.advanceTimersByTime(20_000);
    expect(shown.map(({ title, body }) => [title, body])).toEqual([['“Job 1” failed', 'KSampler: out of memory']]);
  });
  it('says nothing of what ended before it began', () => {
    const { events, shown } = site();
    events.emit('job.changed', jobView(1, { state: 'failed', endedAt: 1 }));
    expect(shown).toEqual([]);
  });
  it('the queue’s end: once, with its counts; not of a queue that was only cancelled away', () => {
    const { events, shown } = site();
    events.emit('queue.summary', summary({ running: 2 }));
    events.emit('job.changed', jobView(1, { state: 'done', ...endedNow }));
    events.emit('job.changed', jobView(2, { state: 'cancelled', ...endedNow }));
    events.emit('queue.summary', summary());
    events.emit('queue.summary', summary());
    expect(shown.map(({ body }) => body)).toEqual(['1 done, 1 cancelled']);
    vi.advanceTimersByTime(10_000);
    events.emit('queue.summary', summary({ running: 1 }));
    events.emit('job.changed', jobView(3, { state: 'cancelled', ...endedNow }));
    events.emit('queue.summary', summary());
    vi.advanceTimersByTime(10_000);
    expect(shown).toHaveLength(1);
  });
  it('a cancel that has not landed after ten seconds is told once; one that has is not', () => {
    const { events, shown } = site();
    events.emit('job.changed', jobView(1, { cancel: cancelOpen() }));
    events.emit('job.changed', jobView(2, { cancel: cancelOpen() }));
    vi.advanceTimersByTime(9_000);
    events.emit('job.changed', jobView(2, { rev: 2, state: 'cancelled', ...endedNow }));
    expect(shown).toEqual([]);
    vi.advanceTimersByTime(1_500);
    events.emit('job.changed', jobView(1, { rev: 3, cancel: cancelOpen() }));
    vi.advanceTimersByTime(60_000);
    expect(shown.map(({ title, body }) => [title, body])).toEqual([
      ['“Job 1” has not stopped yet', 'Studio was asked and keeps running. Open Switchyard to decide.'],
    ]);
  });
  it('a click opens the job; what the system refuses becomes a toast; so does all of it where there are none', () => {
    const { events, shown, opened, toasts } = site();
    const failed = jobView(1, { state: 'failed', ...endedNow });
    events.emit('job.changed', failed);
    shown[0]?.emitter.emit('click');
    expect(opened).toEqual([`history/${failed.id}`]);
    shown[0]?.emitter.emit('failed', {}, 'denied');
    expect(toasts).toEqual(['“Job 1” failed']);
    const without = site({ none: true });
    without.events.emit('job.changed', failed);
    expect(without.toasts).toEqual(['“Job 1” failed']);
  });
  it('is silent while the window is looked at, and after its end', () => {
    const looking = site({ focused: true });
    looking.events.emit('job.changed', jobView(1, { state: 'failed', ...endedNow }));
    vi.advanceTimersByTime(20_000);
    expect(looking.shown).toEqual([]);
    const ended = site();
    ended.events.emit('job.changed', jobView(1, { cancel: cancelOpen() }));
    ended.notifier[Symbol.dispose]();
    vi.advanceTimersByTime(20_000);
    expect(ended.shown).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

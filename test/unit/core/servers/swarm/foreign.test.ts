/** Other people’s work, minus our own. */
import { describe, expect, test } from 'vitest';
import { ForeignBook, readForeignKey, withoutListed } from '../../../../../electron/core/servers/swarm/foreign.ts';
import type { BackendPrompt } from '../../../../../electron/core/servers/swarm/passthrough.ts';
import { NO_COUNTERS } from '../../../../../electron/core/servers/swarm/schemas.ts';
import { StreamState } from '../../../../../electron/core/servers/swarm/stream.ts';
import { Track } from '../../../../../electron/core/servers/swarm/track.ts';
import { newServerId } from '../../../../../shared/ids.ts';
import { prompt, sent } from './samples.ts';

describe('foreign work', () => {
  const book = (): ForeignBook => new ForeignBook(newServerId());
  const users = [
    { id: 'local', ...NO_COUNTERS, waiting_gens: 5, live_gens: 2 },
    { id: 'max', ...NO_COUNTERS, waiting_gens: 1, live_gens: 1 },
    { id: 'idle', ...NO_COUNTERS },
  ];
  const track = (marked: boolean): Track => {
    const made = new Track(sent({}), new StreamState({ images: 1, batchSize: 1 }, 0), marked);
    made.stream?.apply({ type: 'status', counters: { ...NO_COUNTERS, waiting_gens: 1, live_gens: 1 } }, 0);
    return made;
  };

  test("counts are everybody's minus ours", () => {
    const seen = book().see({
      prompts: [],
      users,
      ownUser: 'local',
      ownClient: 'me',
      tracks: [track(true)],
      now: 1,
    });
    expect(seen.view.counts).toEqual([
      { user: 'local', running: 1, waiting: 3 },
      { user: 'max', running: 1, waiting: 0 },
    ]);
  });

  test('what is listed one by one is not counted a second time; whose the rest is is not guessed', () => {
    const anna = { user: 'anna', running: 2, waiting: 3 };
    const max = { user: 'max', running: 1, waiting: 0 };
    expect(withoutListed([anna, max], 0)).toEqual([anna, max]);
    expect(withoutListed([anna, max], 3)).toEqual([{ user: 'anna', running: 0, waiting: 3 }]);
    expect(withoutListed([anna], 1)).toEqual([{ user: 'anna', running: 1, waiting: 3 }]);
    expect(withoutListed([anna, max], 1)).toEqual([
      { user: 'anna', running: 0, waiting: 3 },
      { user: null, running: 2, waiting: 0 },
    ]);
  });

  test('our own prompt is never called foreign: by mark, and not while one of ours without a mark may be it', () => {
    const marked = track(true);
    const look = (tracks: Track[], prompts: BackendPrompt[]): number =>
      book().see({ prompts, users: null, ownUser: 'local', ownClient: 'me', tracks, now: 1 }).view.jobs.length;
    expect(look([marked], [prompt('p', 'running', marked.attempt.attemptId)])).toBe(0);
    expect(look([marked], [prompt('q', 'running')])).toBe(1);
    expect(look([], [prompt('p', 'running', 'an attempt not taken up yet')])).toBe(0);
    expect(look([track(false)], [{ ...prompt('p', 'running', 'x'), clientId: 'another Switchyard' }])).toBe(1);
    expect(look([track(false)], [prompt('q', 'running')])).toBe(0);
  });

  test('what disappears has ended: gone, or cancelled by us', () => {
    const one = book();
    const see = (prompts: BackendPrompt[]) =>
      one.see({ prompts, users: null, ownUser: 'local', ownClient: 'me', tracks: [], now: 1 });
    see([prompt('p', 'running'), prompt('q', 'waiting')]);
    one.interruptedByUs('0:p');
    expect(see([]).ended).toEqual([
      { remoteKey: '0:p', how: 'cancelled-by-us' },
      { remoteKey: '0:q', how: 'gone' },
    ]);
  });

  test.each([
    ['0:abc', { backend: 0, promptId: 'abc' }],
    ['-1:a:b', { backend: -1, promptId: 'a:b' }],
    ['0:', null],
    ['abc', null],
    ['x:abc', null],
  ])('the key %s', (key, read) => {
    expect(readForeignKey(key)).toEqual(read);
  });
});

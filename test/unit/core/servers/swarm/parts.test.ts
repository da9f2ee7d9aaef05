/** The small parts of the SwarmUI adapter: requests and marks, the session pool, backends and slots, foreign work. */
import { describe, expect, test } from 'vitest';
import { LogSink } from '../../../../../electron/core/log.ts';
import type { SendAttempt } from '../../../../../electron/core/servers/adapter.ts';
import { Backends } from '../../../../../electron/core/servers/swarm/swarm-backends.ts';
import {
  ForeignBook,
  readForeignKey,
  withoutListed,
} from '../../../../../electron/core/servers/swarm/swarm-foreign.ts';
import type { BackendPrompt } from '../../../../../electron/core/servers/swarm/swarm-passthrough.ts';
import {
  BackendSchema,
  BackendsSchema,
  NO_COUNTERS,
} from '../../../../../electron/core/servers/swarm/swarm-schemas.ts';
import type { Counters } from '../../../../../electron/core/servers/swarm/swarm-schemas.ts';
import { CountProof, unexplained } from '../../../../../electron/core/servers/swarm/swarm-stop-count.ts';
import { QUARANTINE_MS, SessionPool } from '../../../../../electron/core/servers/swarm/swarm-sessions.ts';
import { StreamState } from '../../../../../electron/core/servers/swarm/swarm-stream.ts';
import {
  batchSizeOf,
  carriesMark,
  markGraph,
  requestFor,
} from '../../../../../electron/core/servers/swarm/swarm-submit.ts';
import { Track } from '../../../../../electron/core/servers/swarm/swarm-track.ts';
import { AppError } from '../../../../../shared/errors.ts';
import { newAttemptId, newJobId, newServerId } from '../../../../../shared/ids.ts';
import { lines } from './replay.ts';

const sent = (params: Record<string, unknown>, images = 1): SendAttempt => ({
  attemptId: newAttemptId(),
  jobId: newJobId(),
  remoteKey: 'session',
  intentAt: 0,
  startedAt: null,
  serverBoot: null,
  title: '',
  payload: { kind: 'swarm', images, params: params as Extract<SendAttempt['payload'], { kind: 'swarm' }>['params'] },
});

describe('the request', () => {
  test('carries the session, the images, our id in extra_metadata, and no null', () => {
    const attempt = sent({ prompt: 'x', seed: null, extra_metadata: { theirs: 1 } }, 2);
    expect(requestFor(attempt, 'client')).toEqual({
      prompt: 'x',
      session_id: 'session',
      images: 2,
      forwardrawbackenddata: true,
      extra_metadata: { theirs: 1, switchyard_attempt: attempt.attemptId, switchyard_images: '2' },
    });
  });

  test("knows a graph and a batch size by SwarmUI's reading of names: letters only, of any case (§3.1)", () => {
    const graph = '{"1":{"class_type":"A","inputs":{}}}';
    for (const name of ['comfyworkflowraw', 'ComfyWorkflowRaw', '[Comfy] Workflow Raw']) {
      const attempt = sent({ [name]: graph, 'Batch Size': 4 }, 2);
      expect(requestFor(attempt, 'me')).toMatchObject({ [name]: markGraph(graph, attempt.attemptId, 'me') });
      expect([carriesMark(attempt.payload), batchSizeOf(attempt)]).toEqual([true, 1]);
    }
    const attempt = sent({ 'Batch Size': '3' }, 2);
    expect([carriesMark(attempt.payload), batchSizeOf(attempt)]).toEqual([false, 3]);
    expect(requestFor(attempt, 'me')).toMatchObject({ extra_metadata: { switchyard_images: '6' } });
  });

  test.each([
    ['no _meta', '{"1":{"class_type":"A","inputs":{}}}'],
    [
      'a _meta',
      '{"1":{"class_type":"A","inputs":{},"_meta":{"title":"T"}},"2":{"_meta":{},"class_type":"B","inputs":{}}}',
    ],
    ['an input named _meta', '{"1":{"class_type":"A","inputs":{"_meta":{"x":1},"y":{"z":{}}}}}'],
    ['braces and quotes in text', '{"1":{"class_type":"A","inputs":{"text":"a } \\" { _meta: {"}}}'],
  ])('marks every node of a graph with %s, and changes nothing else', (_what, text) => {
    const before = JSON.parse(text) as Record<string, Record<string, unknown>>;
    const after = JSON.parse(markGraph(text, 'id', 'me')) as typeof before;
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [id, node] of Object.entries(before)) {
      expect(after[id]).toEqual({
        ...node,
        _meta: { ...(node['_meta'] as object | undefined), switchyard_attempt: 'id', switchyard_client: 'me' },
      });
    }
  });

  test('leaves tags and numbers beyond 2^53 as they are', () => {
    const text = '{"1":{"class_type":"A","inputs":{"seed":${seed},"big":18446744073709551615,"text":"${prompt}"}}}';
    expect(markGraph(text, 'id', 'me')).toBe(
      '{"1":{"_meta":{"switchyard_attempt":"id","switchyard_client":"me"},"class_type":"A","inputs":{"seed":${seed},"big":18446744073709551615,"text":"${prompt}"}}}',
    );
  });

  test.each(['', 'null', '[1]', '{"1":', '{"1":{"a":"}', '"text"'])('leaves %j, which is no graph, alone', (text) => {
    expect(markGraph(text, 'id', 'me')).toBe(text);
    expect(carriesMark(sent({ comfyworkflowraw: text }).payload)).toBe(false);
  });
});

class Server {
  made = 0;
  now = 0;
  readonly status = new Map<string, Counters>();
  readonly interrupted: string[] = [];
  readonly pool = new SessionPool(
    {
      create: () => {
        this.made += 1;
        const session = `s${String(this.made)}`;
        this.status.set(session, NO_COUNTERS);
        return Promise.resolve(session);
      },
      status: (session) => {
        const status = this.status.get(session);
        if (status === undefined)
          return Promise.reject(new AppError('server_auth', 'unknown', { details: { errorId: 'invalid_session_id' } }));
        return Promise.resolve(status);
      },
      interrupt: (session) => {
        this.interrupted.push(session);
        return Promise.resolve();
      },
      now: () => this.now,
    },
    new LogSink(null).log(),
  );
}
const signal = AbortSignal.timeout(60_000);
const BUSY = { ...NO_COUNTERS, waiting_gens: 1 };

describe('the session pool', () => {
  test('leases exclusively and uses again', async () => {
    const { pool } = new Server();
    const [a, b] = [await pool.lease(signal), await pool.lease(signal)];
    expect(a).not.toBe(b);
    pool.giveBack(a);
    expect(await pool.lease(signal)).toBe(a);
    expect(pool.counts).toMatchObject({ leased: 2, idle: 0, peak: 2 });
    await pool.close();
  });

  test('a session with work is not leased but kept apart, and interrupted when work appears there', async () => {
    const server = new Server();
    const a = await server.pool.lease(signal);
    server.pool.giveBack(a);
    server.status.set(a, BUSY);
    expect(await server.pool.lease(signal)).not.toBe(a);
    expect(server.pool.counts.quarantined).toBe(1);
    await server.pool.poll(signal);
    expect(server.interrupted).toEqual([a]);
    server.status.set(a, NO_COUNTERS);
    server.now = QUARANTINE_MS - 1;
    await server.pool.poll(signal);
    expect(server.pool.counts.quarantined).toBe(1);
    server.now = QUARANTINE_MS;
    await server.pool.poll(signal);
    expect(server.pool.counts).toMatchObject({ quarantined: 0, idle: 1 });
    await server.pool.close();
  });

  test('a session the server forgot is dropped', async () => {
    const server = new Server();
    const a = await server.pool.lease(signal);
    server.pool.giveBack(a);
    server.status.delete(a);
    expect(await server.pool.lease(signal)).toBe('s2');
    await server.pool.close();
  });

  test('a lease that fails in between is given back', async () => {
    const server = new Server();
    const a = await server.pool.lease(signal);
    server.pool.giveBack(a);
    const ask = server.status.get.bind(server.status);
    server.status.get = () => {
      throw new AppError('server_unreachable', 'down');
    };
    await expect(server.pool.lease(signal)).rejects.toMatchObject({ code: 'server_unreachable' });
    server.status.get = ask;
    expect(server.pool.counts).toMatchObject({ leased: 0, idle: 1 });
    await server.pool.close();
  });

  test('stays bounded by the highest concurrency and two, however many were doubtful', async () => {
    const server = new Server();
    for (let round = 0; round < 50; round += 1) {
      const two = [await server.pool.lease(signal), await server.pool.lease(signal)];
      for (const session of two) server.pool.quarantine(session, 'test');
      server.now += 60_000;
    }
    expect(server.made).toBeLessThanOrEqual(4);
    await server.pool.close();
  });
});

const listed = (recording: string): unknown =>
  lines(recording).find((line) => line.dir === 'http-res' && line.path === '/API/ListBackends' && line.status === 200)
    ?.body;
const prompt = (promptId: string, state: 'running' | 'waiting', attemptId: string | null = null): BackendPrompt => ({
  backend: 0,
  promptId,
  state,
  place: state === 'running' ? 0 : 1,
  attemptId,
  clientId: attemptId === null ? null : 'me',
});

describe('backends', () => {
  test('slots are those of running backends that take images (rec 24, 41)', () => {
    const backends = new Backends();
    expect(backends.slots()).toBeNull();
    backends.set(BackendsSchema.parse(listed('24')));
    expect([backends.slots(), backends.allVisible(), backends.visible()]).toEqual([2, true, [0]]);
    const far = lines('41').find(
      (line) =>
        line.dir === 'http-res' && line.path === '/API/ListBackends' && JSON.stringify(line.body).includes('"-1"'),
    )?.body;
    backends.set(BackendsSchema.parse(far));
    expect([backends.slots(), backends.allVisible(), backends.visible()]).toEqual([2, false, []]);
    expect(backends.problems()).toContainEqual(expect.objectContaining({ code: 'swarm-to-swarm' }));
  });

  test("AllowIdle is told (rec 40); an entry that can't be read is left out", () => {
    const backends = new Backends();
    backends.set(BackendsSchema.parse({ ...(listed('40') as object), '7': 'nonsense' }));
    expect(backends.problems()).toEqual([
      { code: 'allow-idle', params: expect.objectContaining({ backend: 0 }) as object },
    ]);
  });

  test('slots are lost only when one of ours waits over 2 s with room in ComfyUI, seen twice, and no model loads', () => {
    const make = (): Backends => {
      const backends = new Backends();
      backends.set([
        BackendSchema.parse({
          id: 0,
          type: 'comfyui_api',
          status: 'running',
          settings: {},
          enabled: true,
          title: '',
          max_usages: 2,
          can_load_models: true,
        }),
      ]);
      return backends;
    };
    const one = [prompt('p', 'running')];
    const backends = make();
    backends.checkSlots(2_500, false, one, true);
    expect(backends.slots()).toBe(2);
    backends.checkSlots(4_500, false, one, true);
    expect(backends.slots()).toBe(1);
    for (const [waited, loading, prompts, all] of [
      [1_000, false, one, true],
      [5_000, true, one, true],
      [5_000, false, [...one, prompt('q', 'waiting')], true],
      [5_000, false, one, false],
      [null, false, one, true],
    ] as const) {
      const other = make();
      other.checkSlots(waited, loading, prompts, all);
      other.checkSlots(waited, loading, prompts, all);
      expect(other.slots()).toBe(2);
    }
  });
});

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
      global: null,
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
      book().see({ prompts, users: null, global: null, ownUser: 'local', ownClient: 'me', tracks, now: 1 }).view.jobs
        .length;
    expect(look([marked], [prompt('p', 'running', marked.attempt.attemptId)])).toBe(0);
    expect(look([marked], [prompt('q', 'running')])).toBe(1);
    expect(look([], [prompt('p', 'running', 'an attempt not taken up yet')])).toBe(0);
    expect(look([track(false)], [{ ...prompt('p', 'running', 'x'), clientId: 'another Switchyard' }])).toBe(1);
    expect(look([track(false)], [prompt('q', 'running')])).toBe(0);
  });

  test('what disappears has ended: gone, or cancelled by us', () => {
    const one = book();
    const see = (prompts: BackendPrompt[]) =>
      one.see({ prompts, users: null, global: null, ownUser: 'local', ownClient: 'me', tracks: [], now: 1 });
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

describe('prompts counted against slots (§4.4)', () => {
  const open = (marked: boolean, live: number): Track => {
    const made = new Track(sent({}), new StreamState({ images: 2, batchSize: 1 }, 0), marked);
    made.stream?.apply({ type: 'status', counters: { ...NO_COUNTERS, waiting_gens: live, live_gens: live } }, 0);
    return made;
  };
  const on = (promptId: string, attemptId: string | null = null): BackendPrompt => ({
    backend: 0,
    promptId,
    state: 'running',
    place: 0,
    attemptId,
    clientId: attemptId === null ? null : 'me',
  });

  test('what is known of others is taken out on both sides', () => {
    const ended = open(false, 1);
    const marked = open(true, 1);
    expect(unexplained([on('x')], [ended, marked], ended, 1)).toEqual({ prompts: 1, live: 0 });
    expect(unexplained([on('x'), on('y', marked.attempt.attemptId)], [ended, marked], ended, 1)).toEqual({
      prompts: 1,
      live: 0,
    });
    expect(unexplained([on('y', 'of another installation')], [ended], ended, 1)).toEqual({ prompts: 0, live: 0 });
    // One of ours whose id was never heard either: the prompt may be its.
    expect(unexplained([on('x')], [ended, open(false, 1)], ended, 1)).toEqual({ prompts: 1, live: 1 });
  });

  test('proves only what stays: a hand-over hides an orphan for a moment', () => {
    const proof = new CountProof();
    expect(proof.proves({ prompts: 1, live: 1 }, 0)).toBe(false);
    expect(proof.proves({ prompts: 2, live: 1 }, 900)).toBe(false);
    expect(proof.proves({ prompts: 1, live: 1 }, 1_000)).toBe(false);
    expect(proof.proves({ prompts: 1, live: 1 }, 1_900)).toBe(false);
    expect(proof.proves({ prompts: 1, live: 1 }, 2_000)).toBe(true);
    const nothing = new CountProof();
    expect(nothing.proves({ prompts: 0, live: 0 }, 0)).toBe(false);
    expect(nothing.proves({ prompts: 0, live: 0 }, 300)).toBe(true);
  });

  test('a request of several images without a mark is known only when each of its prompts has begun', () => {
    const track = open(false, 2);
    const begin = (promptId: string, batch: string): void => {
      track.stream?.apply({ type: 'comfy-start', promptId }, 0);
      track.stream?.apply(
        { type: 'progress', batch, requestId: null, overall: 0, current: 0, preview: null, metadata: true },
        0,
      );
    };
    expect(track.recognisable).toBe(false);
    begin('first', '0');
    expect(track.recognisable).toBe(false);
    begin('second', '1');
    expect(track.recognisable).toBe(true);
  });
});

/** The rows of the queue: order on the track, the line's solid and dashed parts, folding, sections. */
import { describe, expect, test } from 'vitest';
import { etas } from '../../../../renderer/queue/etas.ts';
import { NO_JOBS, apply } from '../../../../renderer/state/jobs-store.ts';
import { askOf, pickedOf } from '../../../../renderer/queue/picked.ts';
import { queueRows } from '../../../../renderer/queue/rows.ts';
import type { QueueRow, RowInput } from '../../../../renderer/queue/rows.ts';
import { stepTarget } from '../../../../renderer/queue/reorder.ts';
import { replaceServers } from '../../../../renderer/state/servers-store.ts';
import { metaOf } from '../../../../renderer/job/words.ts';
import type { BatchId } from '../../../../shared/ids.ts';
import type { JobView } from '../../../../shared/job.ts';
import type { ForeignView } from '../../../../shared/server.ts';
import { foreignJob, foreignView, jobIdOf, jobView, serverIdOf, serverView } from '../views.ts';

function input(jobs: readonly JobView[], foreign: readonly ForeignView[] = [], more: Partial<RowInput> = {}): RowInput {
  return {
    servers: replaceServers([serverView('s1', { position: 1 }), serverView('s2', { position: 2 })]),
    jobs: apply(NO_JOBS, { upserts: jobs }),
    foreign: { byServer: new Map(foreign.map((view) => [view.serverId, view])) },
    places: new Map(),
    lingering: new Map(),
    unfolded: new Set(),
    onlyServer: null,
    ...more,
  };
}

/** One word a row: what it is and whose. */
const words = (rows: readonly QueueRow[]): string[] =>
  rows.map((row) => {
    if (row.type === 'job') return row.id;
    if (row.type === 'foreign') return `foreign ${row.remoteKey}`;
    if (row.type === 'batch') return `batch of ${row.ids.length}`;
    if (row.type === 'section') return `# ${row.serverId ?? 'any'}`;
    return row.type;
  });

const onServer = { serverId: serverIdOf('s1'), onServerId: serverIdOf('s1') };
const batch = (index: number, size = 10): NonNullable<JobView['batch']> => ({
  id: 'b' as BatchId,
  title: 'kiosk',
  index,
  size,
  stopAfter: false,
});

test('what runs stands first, then the server’s own order of ours and others, then what waits here', () => {
  const rows = queueRows(
    input(
      [
        jobView('waits', { position: 9 }),
        jobView('staged2', { ...onServer, state: 'accepted', position: 2 }),
        jobView('runs', { ...onServer, state: 'running', startedAt: 5, position: 1 }),
        jobView('sending', { ...onServer, state: 'submitting', position: 3 }),
      ],
      [foreignView([foreignJob('f1', { place: 1 }), foreignJob('f3', { place: 3 })])],
      { places: new Map([[jobIdOf('staged2'), 2]]) },
    ),
  );
  expect(words(rows)).toEqual([
    '# s1',
    'runs',
    'foreign f1',
    'staged2',
    'foreign f3',
    'sending',
    'divide',
    'waits',
    '# s2',
    'empty',
  ]);
});

test('ours without a known place take the places that are free', () => {
  const rows = queueRows(
    input(
      [
        jobView('a', { ...onServer, state: 'accepted', position: 1 }),
        jobView('b', { ...onServer, state: 'accepted', position: 2 }),
      ],
      [foreignView([foreignJob('f2', { place: 2 })])],
    ),
  );
  expect(words(rows).slice(1, 4)).toEqual(['a', 'foreign f2', 'b']);
});

test('the line is solid as far as the server’s queue reaches and dashed where jobs wait with us', () => {
  const rows = queueRows(
    input([
      jobView('runs', { ...onServer, state: 'running', startedAt: 5 }),
      jobView('staged', { ...onServer, state: 'accepted' }),
      jobView('w1', { position: 1 }),
      jobView('w2', { position: 2 }),
    ]),
  );
  const lines = rows.flatMap((row) =>
    'above' in row ? [[row.type === 'job' ? row.id : row.type, row.above, row.below]] : [],
  );
  expect(lines).toEqual([
    ['runs', 'none', 'solid'],
    ['staged', 'solid', 'dashed'],
    ['divide', 'dashed', 'dashed'],
    ['w1', 'dashed', 'dashed'],
    ['w2', 'dashed', 'none'],
  ]);
});

test('other users’ counts stand where they run: before what waits on the server, behind it where none runs', () => {
  const rows = queueRows(
    input(
      [jobView('staged', { ...onServer, state: 'accepted' })],
      [
        foreignView([], {
          counts: [
            { user: 'anna', waiting: 0, running: 1 },
            { user: 'ben', waiting: 2, running: 0 },
          ],
        }),
      ],
    ),
  );
  expect(rows.map((row) => (row.type === 'counts' ? row.user : row.type))).toEqual([
    'section',
    'anna',
    'job',
    'ben',
    'section',
    'empty',
  ]);
});

test('a row names its batch only where its title does not', () => {
  expect(metaOf(jobView('red kiosk', { batch: batch(2) }))).toBe('batch “kiosk” 3 of 10 · seed 1');
  expect(metaOf(jobView('kiosk', { batch: batch(2) }))).toBe('3 of 10 in its batch · seed 1');
});

describe('folding', () => {
  const three = [0, 1, 2].map((index) => jobView(`k${index}`, { batch: batch(index), position: index }));

  test('a run of one batch folds into one row, unfolds in place', () => {
    const folded = queueRows(input(three));
    expect(words(folded).slice(1, 2)).toEqual(['batch of 3']);
    const key = folded[1]?.key ?? '';
    expect(words(queueRows(input(three, [], { unfolded: new Set([key]) }))).slice(1, 5)).toEqual([
      'batch of 3',
      'k0',
      'k1',
      'k2',
    ]);
  });

  test('a held job in between breaks the run, and short runs are not folded', () => {
    const held = jobView('held', { held: true, position: 1.5 });
    expect(words(queueRows(input([...three, held]))).slice(1, 5)).toEqual(['k0', 'k1', 'held', 'k2']);
  });

  test('a fold that is cancelled whole stays one row in its place while it lingers', () => {
    const over = three.map((job) => ({ ...job, rev: 2, state: 'cancelled' as const }));
    const lingering = new Map(three.map((job) => [job.id, job]));
    const before = queueRows(input(three));
    const after = queueRows(input(over, [], { lingering }));
    expect(after.map((row) => row.key)).toEqual(before.map((row) => row.key));
  });

  test('a job that is being cancelled stands by itself', () => {
    const asked = {
      requestId: 'r',
      mode: 'stop',
      requestedAt: 1,
      by: 'window',
      note: null,
      outcome: null,
      settledAt: null,
      tookMs: null,
      lastStep: null,
    } as unknown as JobView['cancel'];
    const rows = queueRows(input([jobView('k', { batch: batch(9), position: -1, cancel: asked }), ...three]));
    expect(words(rows).slice(1, 3)).toEqual(['k', 'batch of 3']);
  });
});

test('jobs for any server, and those of a server that is gone, have a section of their own', () => {
  const rows = queueRows(
    input([jobView('any', { serverId: null }), jobView('lost', { serverId: serverIdOf('gone'), position: 1 })]),
  );
  expect(words(rows)).toEqual(['# s1', 'empty', '# s2', 'empty', '# any', 'any', 'lost']);
});

test('a job that ended keeps the place it had while it lingers', () => {
  const before = jobView('runs', { ...onServer, state: 'running', startedAt: 5, rev: 1 });
  const after = jobView('runs', { ...onServer, state: 'done', rev: 2 });
  const rest = jobView('w1');
  expect(words(queueRows(input([after, rest], [], { lingering: new Map([[before.id, before]]) }))).slice(1, 4)).toEqual(
    ['runs', 'divide', 'w1'],
  );
  expect(words(queueRows(input([after, rest]))).slice(1, 2)).toEqual(['w1']);
});

test('others that a server does not list are counted, not dropped', () => {
  const rows = queueRows(input([], [foreignView([foreignJob('f1', { place: 1 })], { total: 801 })]));
  expect(rows.find((row) => row.type === 'more')).toMatchObject({ count: 800 });
});

describe('moving by one step', () => {
  const jobs = [jobView('a', { position: 1 }), jobView('b', { position: 2 }), jobView('c', { position: 3 })];
  const rows = queueRows(input(jobs));

  test('goes before the row above and after the row below', () => {
    expect(stepTarget(rows, [jobIdOf('b')], -1)).toEqual({ before: 'a' });
    expect(stepTarget(rows, [jobIdOf('b')], 1)).toEqual({ after: 'c' });
  });

  test('has nowhere to go at the ends', () => {
    expect(stepTarget(rows, [jobIdOf('a')], -1)).toBeNull();
    expect(stepTarget(rows, [jobIdOf('c')], 1)).toBeNull();
  });

  test('steps over a folded batch as one', () => {
    const folded = queueRows(
      input([
        ...[0, 1, 2].map((index) => jobView(`k${index}`, { batch: batch(index), position: index })),
        jobView('z', { position: 9 }),
      ]),
    );
    expect(stepTarget(folded, [jobIdOf('z')], -1)).toEqual({ before: 'k0' });
  });
});

describe('what is picked', () => {
  test('a cancel of picked rows names exactly their jobs, ours and others apart', () => {
    const given = input(
      [
        jobView('w', { position: 1 }),
        jobView('run', { ...onServer, state: 'running', startedAt: 1 }),
        jobView('done', { state: 'done' }),
        jobView('not picked', { position: 2 }),
      ],
      [foreignView([foreignJob('f1', { place: 1 }), foreignJob('f2', { state: 'running' })])],
    );
    const rows = queueRows(given).filter((row) => !(row.type === 'job' && row.id === jobIdOf('not picked')));
    const picked = pickedOf(rows, given.jobs, given.foreign);
    expect(askOf(picked)).toEqual({
      scope: { jobs: ['run', 'w'] },
      foreign: [{ serverId: 's1', remoteKeys: ['f2', 'f1'], running: 1 }],
    });
    expect(picked.movable).toEqual(['w']);
  });

  test('nothing that can be cancelled is no question', () => {
    expect(askOf(pickedOf([], NO_JOBS, { byServer: new Map() }))).toBeNull();
  });
});

describe('when it will be done', () => {
  const usualMs = { low: 50_000, high: 70_000 };
  const found = (
    jobs: readonly JobView[],
    foreign: readonly ForeignView[] = [],
    paused = false,
  ): Map<string, { ms: number; atLeast: boolean }> => {
    const given = input(jobs, foreign);
    return etas(queueRows(given), {
      jobs: given.jobs,
      live: { byId: new Map(), places: new Map() },
      servers: given.servers,
      paused,
      nowMs: 20_000,
    });
  };
  const running = jobView('run', { ...onServer, state: 'running', startedAt: 0, usualMs });

  test('sums usual times along the track', () => {
    const times = found([running, jobView('a', { usualMs, position: 1 }), jobView('b', { usualMs, position: 2 })]);
    expect(times.get('j:a')).toEqual({ ms: 100_000, atLeast: false });
    expect(times.get('j:b')).toEqual({ ms: 160_000, atLeast: false });
  });

  test('is at least that long behind work of unknown length', () => {
    const times = found(
      [running, jobView('a', { usualMs, position: 1 })],
      [foreignView([foreignJob('f', { place: 1 })])],
    );
    expect(times.get('j:a')).toEqual({ ms: 100_000, atLeast: true });
  });

  test('promises nothing while the queue is paused, and nothing without experience', () => {
    expect(found([running, jobView('a', { usualMs })], [], true).has('j:a')).toBe(false);
    expect(found([jobView('a')]).has('j:a')).toBe(false);
  });
});

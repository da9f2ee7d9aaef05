/** Recorded streams of a real SwarmUI 0.9.8.2 through parser, stream state and outcome. */
import { describe, expect, test } from 'vitest';
import { readFrame, readMessage } from '../../../../../electron/core/servers/swarm/frames.ts';
import { endFact } from '../../../../../electron/core/servers/swarm/outcome.ts';
import type { EndFact } from '../../../../../electron/core/servers/swarm/outcome.ts';
import { SwarmFiles } from '../../../../../electron/core/servers/swarm/files.ts';
import { StreamState } from '../../../../../electron/core/servers/swarm/stream.ts';
import { allFrames, heard, lines, recordings, replay } from './replay.ts';

const files = new SwarmFiles();
/** How a recorded stream ended, with or without an interrupt of ours. */
function outcome(
  recording: string,
  client: string,
  options: { images?: number; batch?: number; interrupted?: boolean; mayPutBack?: boolean } = {},
): EndFact {
  const { stream } = replay(recording, client, options.images ?? 1, options.batch ?? 1);
  const { outputs, delivered } = files.fromStream(stream.images());
  return endFact({
    asked: stream.asked(),
    outputs,
    delivered,
    errors: stream.errors,
    started: stream.started,
    dispatched: stream.dispatched,
    interrupted: options.interrupted ?? false,
    mayPutBack: options.mayPutBack ?? true,
  });
}

describe('frames', () => {
  test.each(recordings())('every message of %s is known', (recording) => {
    expect(
      allFrames(recording)
        .filter(({ frame }) => frame.type === 'unknown')
        .map(({ message }) => Object.keys(message)),
    ).toEqual([]);
  });

  test('a large data URL is cut out of its bytes, whatever follows it', () => {
    const bytes = Buffer.alloc(4_000_000, 7);
    const message = JSON.stringify({
      image: `data:image/png;base64,${bytes.toString('base64')}`,
      batch_index: '3',
      request_id: '1001',
      metadata: '{"a":"}\\""}',
    });
    const frame = readFrame(Buffer.from(message));
    if (frame.type !== 'image' || !('bytes' in frame.image)) return expect.fail(frame.type);
    expect([frame.batch, frame.image.mime, Buffer.compare(Buffer.from(frame.image.bytes), bytes)]).toEqual([
      3,
      'image/png',
      0,
    ]);
  });

  test.each([
    ['', 'not JSON'],
    ['[]', 'no object'],
    ['{"surprise":1}', 'surprise'],
    ['{"image":5}', 'image'],
  ])('%j is named, not fatal', (text, name) => {
    expect(readFrame(Buffer.from(text))).toEqual({ type: 'unknown', name });
  });

  test('"NaN" and numbers beyond 1 are no progress to be shown', () => {
    const stream = new StreamState({ images: 1, batchSize: 1 }, 0);
    const say = (overall: unknown, metadata?: string): number[] =>
      stream
        .apply(
          readMessage({
            gen_progress: {
              batch_index: '0',
              request_id: '1',
              overall_percent: overall,
              current_percent: 'NaN',
              ...(metadata === undefined ? {} : { metadata }),
            },
          }),
          0,
        )
        .flatMap((news) => (news.news === 'live' && news.update.type === 'fraction' ? [news.update.overall] : []));
    expect(say(0, '{}')).toEqual([0]);
    expect([say(0.5), say('NaN'), say(0.4), say(1.7), say(-1)]).toEqual([[0.5], [0.5], [0.5], [1], [1]]);
  });
});

describe('phases', () => {
  test('one image: claimed, started, progress that never falls, ended (swarmui rec 05)', () => {
    const { stream, news } = replay('05', 'A');
    const kinds = news.map((one) => one.news).filter((one) => one !== 'live');
    expect(kinds).toEqual(['claimed', 'started', 'ended']);
    const fractions = news.flatMap((one) =>
      one.news === 'live' && one.update.type === 'fraction' ? [one.update.overall] : [],
    );
    expect([...fractions].sort((a, b) => a - b)).toEqual(fractions);
    expect(stream.images()).toHaveLength(1);
  });

  test('pre-queued is handed, not running, and certain only after 300 ms without change (swarmui rec 14)', () => {
    const all = lines('14');
    const client =
      all
        .filter((line) => line.dir === 'ws-open')
        .map((line) => line.client)
        .at(-1) ?? '';
    const stream = new StreamState({ images: 1, batchSize: 1 }, 0);
    let last = 0;
    for (const message of heard('14', client)) {
      if ('error' in message) break;
      last = 1_000;
      stream.apply(readMessage(message), last);
    }
    expect(stream.phase).toBe('handed');
    expect([stream.certain(last + 10), stream.certain(last + 300)]).toEqual([false, true]);
    stream.unsettle(last + 290);
    expect(stream.certain(last + 300)).toBe(false);
  });

  test('our prompt id is that of the last start before the metadata, not of a stale one (swarmui rec 42, S16)', () => {
    const note = lines('42').find((line) => line.dir === 'note' && String(line.data).includes('decoded'));
    const ids = /: (\S+) (\S+)$/.exec(String(note?.data));
    expect([...replay('42', 'A').stream.promptIds]).toEqual([ids?.[2]]);
  });

  test("previews and progress before the metadata are a stranger's and are dropped (swarmui rec 43, S15)", () => {
    const before = heard('43', 'B').findIndex((message) => JSON.stringify(message).includes('"metadata"'));
    const stale = heard('43', 'B')
      .slice(0, before)
      .filter((message) => JSON.stringify(message).includes('"preview"'));
    expect(stale.length).toBeGreaterThan(0);
    const stream = new StreamState({ images: 1, batchSize: 1 }, 0);
    const shown = heard('43', 'B')
      .slice(0, before)
      .flatMap((message, index) => stream.apply(readMessage(message), index * 1_000))
      .filter((news) => news.news === 'live' && (news.update.type === 'preview' || news.update.type === 'fraction'));
    expect(shown).toEqual([]);
  });

  test('a model that loads is told (swarmui rec 31)', () => {
    expect(replay('31', 'A').news).toContainEqual({ news: 'live', update: { type: 'loading-model' } });
  });
});

describe('endings', () => {
  test('three images of one request (swarmui rec 06)', () => {
    expect(outcome('06', 'A', { images: 3 })).toMatchObject({
      type: 'finished',
      outputs: [{ ordinal: 0 }, { ordinal: 1 }, { ordinal: 2 }],
    });
  });
  test('two images of one call (swarmui rec 08)', () => {
    const fact = outcome('08', 'A', { batch: 2 });
    expect(fact).toMatchObject({ type: 'finished' });
    expect('outputs' in fact && fact.outputs).toHaveLength(2);
  });
  test('interrupted while running, by us and by somebody else (swarmui rec 12)', () => {
    expect(outcome('12', 'A', { interrupted: true })).toMatchObject({ type: 'stopped', reach: 'running' });
    expect(outcome('12', 'A')).toMatchObject({ type: 'stopped', reach: 'running', by: 'another-client' });
  });
  test('interrupted while waiting: a silent end (swarmui rec 13)', () => {
    const client =
      lines('13')
        .filter((line) => line.dir === 'ws-open')
        .map((line) => line.client)
        .at(-1) ?? '';
    expect(outcome('13', client, { interrupted: true })).toMatchObject({
      type: 'stopped',
      reach: 'waiting',
      outputs: [],
    });
    expect(outcome('13', client)).toMatchObject({ type: 'executionFailed' });
  });
  test('an interrupt lost before the claim: it finished (swarmui rec 15)', () => {
    expect(outcome('15', 'A', { interrupted: true })).toMatchObject({ type: 'finished' });
  });
  test('a parameter error is a refusal, before any slot was asked for (swarmui rec 09)', () => {
    const { news } = replay('09', 'A');
    expect(news).toContainEqual(expect.objectContaining({ news: 'refused' }));
  });
  test('no backend, and a dead ComfyUI, are not our fault: back to the queue, once (swarmui rec 04, 44)', () => {
    expect(outcome('04', 'A')).toMatchObject({ type: 'stopped', by: 'collateral', reach: 'waiting' });
    expect(outcome('04', 'A', { mayPutBack: false })).toMatchObject({
      type: 'executionFailed',
      error: { code: 'execution_failed' },
    });
    expect(outcome('44', 'A')).toMatchObject({ type: 'stopped', by: 'collateral', reach: 'running' });
  });
  test('a shared load cancelled by the first one: the second goes back (swarmui rec 33)', () => {
    expect(outcome('33', 'B')).toMatchObject({ type: 'stopped', by: 'collateral' });
  });
  test('a neighbour cancelled through a Swarm-to-Swarm backend (swarmui rec 41)', () => {
    expect(outcome('41', 'B')).toMatchObject({ type: 'stopped', by: 'collateral' });
  });
  test('a failing node says what ComfyUI said (swarmui rec 10)', () => {
    expect(outcome('10', 'A')).toMatchObject({
      type: 'executionFailed',
      error: { code: 'execution_failed', message: 'probe failed on purpose' },
    });
  });
  test('four failing images are one failure with all errors (swarmui rec 11)', () => {
    const fact = outcome('11', 'A', { images: 4 });
    expect(fact).toMatchObject({ type: 'executionFailed', error: { details: { delivered: 0, asked: 4 } } });
  });
  test('fewer images than asked for, without a reason, is a failure that keeps them', () => {
    const base = { errors: [], started: true, dispatched: true, interrupted: false, mayPutBack: true };
    const one = files.fromStream([{ image: { path: 'View/local/a.png' }, batch: 0 }]);
    expect(endFact({ ...base, asked: 3, ...one })).toMatchObject({
      type: 'executionFailed',
      outputs: [{ name: 'a.png' }],
    });
    expect(endFact({ ...base, asked: 3, ...one, interrupted: true })).toMatchObject({
      type: 'stopped',
      outputs: [{ name: 'a.png' }],
    });
  });
  test("ComfyUI's own refusal is read out of its text", () => {
    const text =
      'ComfyUI errored: {"error":{"type":"prompt_outputs_failed_validation","message":"Prompt outputs failed validation","details":"Required input is missing: images"},"node_errors":{"9":{"errors":[]}}}';
    expect(
      endFact({
        asked: 1,
        outputs: [],
        delivered: 0,
        errors: [text],
        started: false,
        dispatched: true,
        interrupted: false,
        mayPutBack: true,
      }),
    ).toMatchObject({
      error: {
        code: 'server_rejected',
        message: 'Prompt outputs failed validation: Required input is missing: images',
        details: { node_errors: { '9': { errors: [] } } },
      },
    });
  });
  test('intermediates count only when nothing else came', () => {
    expect(
      files.fromStream([
        { image: { path: 'a.png' }, batch: -11 },
        { image: { path: 'b.png' }, batch: 0 },
      ]),
    ).toMatchObject({ delivered: 1, outputs: [{ name: 'b.png' }] });
    expect(files.fromStream([{ image: { path: 'a.png' }, batch: -11 }])).toMatchObject({
      delivered: 0,
      outputs: [{ name: 'a.png' }],
    });
  });
});

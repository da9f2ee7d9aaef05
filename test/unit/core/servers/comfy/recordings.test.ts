/** Every recorded frame and answer of the real server goes through our parsers; what they make of the stories is checked. */
import { describe, expect, it } from 'vitest';
import { readBinary, readText } from '../../../../../electron/core/servers/comfy/frames.ts';
import type { ComfyEvent } from '../../../../../electron/core/servers/comfy/frames.ts';
import { endedFact, readEnded, readRefusal } from '../../../../../electron/core/servers/comfy/outcome.ts';
import {
  HistorySchema,
  JobListSchema,
  JobSchema,
  PromptInfoSchema,
  QueueSchema,
  RefusalSchema,
  SystemStatsSchema,
} from '../../../../../electron/core/servers/comfy/schemas.ts';
import { Tracks } from '../../../../../electron/core/servers/comfy/tracks.ts';
import { parsePythonJson } from '../../../../../electron/core/net/python-json.ts';
import type { ServerFact } from '../../../../../shared/job-fact.ts';
import type { LiveUpdate } from '../../../../../shared/phase.ts';
import { isBinary, readRecording, recordingNames, wireText } from '../../../../support/recording.ts';
import type { RecordedLine } from '../../../../support/recording.ts';

const SERVER = 'comfyui-0.8.0';
const names = recordingNames(SERVER);

/** A recorded binary frame; the recordings keep 64 bytes, so the metadata of type 4 is completed, in its recorded length. */
function binaryFrame(recorded: { bytes: number; hex64: string }, promptId: string): Uint8Array {
  const kept = Buffer.from(recorded.hex64, 'hex');
  if (kept.readUInt32BE(0) !== 4) return kept;
  const length = kept.readUInt32BE(4);
  const metadata = JSON.stringify({
    node_id: '1',
    prompt_id: promptId,
    display_node_id: '1',
    parent_node_id: null,
    real_node_id: '1',
    image_type: 'image/jpeg',
  });
  expect(kept.subarray(8).toString()).toMatch(/^\{"node_id": "1", "prompt_id": "/);
  return Buffer.concat([
    kept.subarray(0, 8),
    Buffer.from(metadata.padEnd(length)),
    Buffer.alloc(Math.max(0, recorded.bytes - 8 - length)),
  ]);
}

function frames(lines: readonly RecordedLine[], client: string): ComfyEvent[] {
  let promptId = '';
  return lines.flatMap((line) => {
    const body = line.body as { prompt_id?: unknown } | null | undefined;
    if (line.dir === 'http-res' && typeof body?.prompt_id === 'string') promptId = body.prompt_id;
    if (line.client !== client) return [];
    if (line.dir === 'ws-recv') return [readText(wireText(line, 'data'))];
    if (line.dir === 'ws-bin' && isBinary(line.data)) return [readBinary(binaryFrame(line.data, promptId))];
    return [];
  });
}

it('has recordings', () => {
  expect(names.length).toBeGreaterThanOrEqual(29);
});

describe.each(names)('%s', (name) => {
  const lines = readRecording(SERVER, name);

  it('holds no frame that we do not know', () => {
    const unknown = [...new Set(lines.map((line) => line.client ?? ''))]
      .flatMap((client) => frames(lines, client))
      .flatMap((event) => (event.type === 'unknown' ? [event.name] : []));
    expect(unknown).toEqual([]);
  });

  it('holds no answer that we can not read', () => {
    for (const line of lines) {
      if (line.dir !== 'http-res' || line.status !== 200 || line.path === undefined) continue;
      const path = line.path.replace(/^\/api(?!\/jobs)/, '').split('?')[0] ?? '';
      const schema =
        path === '/prompt' && line.method === 'GET'
          ? PromptInfoSchema
          : path === '/queue' && line.method === 'GET'
            ? QueueSchema
            : path === '/system_stats'
              ? SystemStatsSchema
              : path === '/api/jobs'
                ? JobListSchema
                : path.startsWith('/api/jobs/')
                  ? JobSchema
                  : path.startsWith('/history') && line.method === 'GET'
                    ? HistorySchema
                    : null;
      if (schema === null) continue;
      const parsed = schema.safeParse(parsePythonJson(wireText(line, 'body')));
      expect(parsed.success, `${line.path}: ${JSON.stringify(parsed.error?.issues)}`).toBe(true);
    }
  });

  it('says the same in /history and /api/jobs/{id}', () => {
    const ends = new Map<string, string>();
    for (const line of lines) {
      if (line.dir !== 'http-res' || line.status !== 200 || line.method !== 'GET') continue;
      const body = (): unknown => parsePythonJson(wireText(line, 'body'));
      if (/^\/(api\/)?history\//.test(line.path ?? '')) {
        for (const [id, entry] of Object.entries(HistorySchema.parse(body()))) {
          ends.set(`${id} history`, readEnded(entry.status ?? null, entry.outputs ?? null).how);
        }
      } else if ((line.path ?? '').startsWith('/api/jobs/')) {
        const job = JobSchema.parse(body());
        if (job.execution_status !== undefined && job.execution_status !== null)
          ends.set(`${job.id} job`, readEnded(job.execution_status, job.outputs ?? null).how);
      }
    }
    for (const [key, how] of ends) {
      const other = ends.get(key.endsWith('history') ? key.replace('history', 'job') : key.replace('job', 'history'));
      if (other !== undefined) expect(other, key).toBe(how);
    }
  });
});

/** Follows every prompt the submitter sent, as the adapter would; `over` says when the end would be looked up. */
function replay(name: string): {
  facts: [string, ServerFact['type']][];
  lives: [string, LiveUpdate][];
  over: string[];
  ids: string[];
} {
  const lines = readRecording(SERVER, name);
  const facts: [string, ServerFact['type']][] = [];
  const lives: [string, LiveUpdate][] = [];
  const over: string[] = [];
  const tracks = new Tracks(
    {
      fact: (key, fact) => facts.push([key, fact.type]),
      live: (key, update) => lives.push([key, update]),
    },
    (track) => over.push(track.key),
  );
  const ids = lines.flatMap((line) => {
    const body = line.body as { prompt_id?: unknown } | undefined;
    return line.dir === 'http-res' &&
      line.path === '/prompt' &&
      line.client === 'submitter' &&
      typeof body?.prompt_id === 'string'
      ? [body.prompt_id]
      : [];
  });
  for (const id of ids) tracks.follow(id);
  for (const client of ['submitter', 'submitter2', 'submitter3'])
    for (const event of frames(lines, client)) tracks.handle(event);
  return { facts, lives, over, ids };
}

describe('the stories', () => {
  it('01: starts once, steps grow, is over once', () => {
    const { facts, lives, over, ids } = replay('01-success-with-progress.jsonl');
    expect(facts).toEqual([[ids[0], 'started']]);
    expect(over).toEqual([ids[0]]);
    const steps = lives.flatMap(([, update]) => (update.type === 'step' ? [update.value] : []));
    expect(steps.length).toBeGreaterThan(2);
    expect([...steps].sort((a, b) => a - b)).toEqual(steps);
  });

  it('03: a cached run tells its nodes as cached', () => {
    const { lives, over } = replay('03-cached-rerun.jsonl');
    expect(lives.some(([, update]) => update.type === 'nodes-cached' && update.nodes.length > 0)).toBe(true);
    expect(over).toHaveLength(2);
  });

  it('17, 18: previews of both kinds, with their type', () => {
    for (const name of ['17-previews-legacy-client.jsonl', '18-previews-metadata-client.jsonl']) {
      const previews = replay(name).lives.flatMap(([, update]) => (update.type === 'preview' ? [update] : []));
      expect(previews.length, name).toBeGreaterThan(0);
      expect(previews.every((preview) => preview.mime === 'image/jpeg' || preview.mime === 'image/png')).toBe(true);
    }
  });

  it('29: an error that only blocks is not the end', () => {
    const { facts, over, ids } = replay('29-execution-blocker-error-then-success.jsonl');
    expect(facts).toEqual([[ids[0], 'started']]);
    expect(over).toEqual([ids[0]]);
  });

  it.each([
    ['05-node-failure.jsonl', 'executionFailed'],
    ['06-interrupt-running.jsonl', 'stopped'],
    ['02-success-image-output.jsonl', 'finished'],
    ['29-execution-blocker-error-then-success.jsonl', 'finished'],
  ] as const)('%s ends as %s', (name, type) => {
    const line = readRecording(SERVER, name).find(
      (entry) =>
        entry.dir === 'http-res' &&
        (entry.path ?? '').startsWith('/history/') &&
        Object.keys(entry.body as object).length > 0,
    );
    const entry = Object.values(HistorySchema.parse(line?.body))[0];
    const fact = endedFact(readEnded(entry?.status ?? null, entry?.outputs ?? null), 'unknown');
    expect(fact.type).toBe(type);
    if (fact.type === 'executionFailed') {
      expect(fact.error).toMatchObject({
        code: 'execution_failed',
        message: 'deliberate',
        details: { nodeId: '1', nodeType: 'ProbeFail', exceptionType: 'RuntimeError', outOfMemory: false },
      });
    }
    if (name.startsWith('02'))
      expect(fact.type === 'finished' && fact.outputs).toMatchObject([
        { ordinal: 0, media: 'image', name: expect.stringMatching(/\.png$/) as string },
      ]);
  });

  it('04: refusals name their faults, and tell what another server might take', () => {
    const refusals = readRecording(SERVER, '04-validation-errors.jsonl').flatMap((line) =>
      line.dir === 'http-res' && line.status === 400 ? [RefusalSchema.parse(line.body)] : [],
    );
    expect(refusals.length).toBeGreaterThan(5);
    const read = refusals.map((refusal) => ({
      ...readRefusal(refusal),
      type: refusal.error.type,
      message: refusal.error.message,
    }));
    for (const { error } of read) {
      expect(error.code).toBe('server_rejected');
      expect(error.message).not.toBe('');
    }
    expect(read.map(({ error }) => error.message)).toContain(
      'Prompt outputs failed validation: EmptyImage (1): Value 0 smaller than min of 1: width',
    );
    const unknownClass = read.find(({ error }) => error.message.includes('does not exist'));
    expect(unknownClass).toMatchObject({ elsewhere: true });
    const combo = read.find(({ error }) => JSON.stringify(error.details).includes('upscale_method'));
    expect(combo).toMatchObject({ elsewhere: false });
    expect(
      read
        .filter(({ type }) => type === 'no_prompt' || type === 'prompt_no_outputs')
        .every(({ elsewhere }) => !elsewhere),
    ).toBe(true);
  });
});

/**
 * What a SwarmUI server does, as assertions that hold for the demo engine and for a real 0.9.8.2 alike. The server needs one
 * running ComfyUI backend with two slots and the nodes `ProbeSleep`, `ProbeOut`, `SwarmSaveImageWS` behind it, and nobody else on it.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probeGraph, SwarmClient, until } from './swarm-client.ts';
import { cancelConformance } from './swarm-cancel.ts';
import { HANDED, RUNNING, shapes, TAIL, TAIL_AFTER_PARAMETER_ERROR, WAITING } from './swarm-shapes.ts';

export interface SwarmTarget {
  readonly name: string;
  readonly graceMs: number;
}

export function swarmConformance(target: SwarmTarget, hooks: { url: () => string }): void {
  describe(`SwarmUI protocol: ${target.name}`, () => {
    let client: SwarmClient;
    beforeEach(() => {
      client = new SwarmClient(hooks.url());
    });
    afterEach(async () => {
      const session = await client.newSession();
      await client.interrupt(session, true);
      await until('an empty backend', async () => {
        const { running, pending } = await client.comfyQueue();
        return running.length + pending.length === 0 ? true : undefined;
      });
      client.close();
    });
    const closeMs = target.graceMs + 4000;

    describe('transport (swarmui §1)', () => {
      test('can be told from ComfyUI without a session', async () => {
        const root = await client.request('GET', '/');
        expect([root.status, root.location]).toEqual([302, 'Text2Image']);
        const probe = await client.call('GetCurrentStatus');
        expect([probe.status, probe.json]).toEqual([400, { error_id: 'basic_api', error: 'missing session id' }]);
        const comfy = await client.request('GET', '/system_stats');
        expect([comfy.status, comfy.location]).toEqual([302, '/Error/404']);
      });

      test('a session names user, version, server and permissions', async () => {
        const first = (await client.call('GetNewSession')).json;
        const second = (await client.call('GetNewSession')).json;
        expect(first['session_id']).toMatch(/^[0-9a-f]{40}$/);
        expect(second['session_id']).not.toBe(first['session_id']);
        expect(second['server_id']).toBe(first['server_id']);
        expect(first['version']).toMatch(/^\d+\.\d+\.\d+/);
        expect(first['permissions']).toContain('basic_image_generation');
        const session = String(first['session_id']);
        for (const [route, headers, body] of [
          ['GetCurrentStatus', {}, { session_id: session }],
          ['getcurrentstatus', {}, { session_id: session }],
          ['GetCurrentStatus', { 'X-Session-ID': session }, {}],
        ] as const) {
          const { status, json } = await client.call(route, body, headers);
          expect([status, json['status']]).toEqual([
            200,
            { waiting_gens: 0, loading_models: 0, waiting_backends: 0, live_gens: 0 },
          ]);
        }
      });

      test('refuses what is wrong with a request, each with its code (swarmui rec 02)', async () => {
        const session = await client.newSession();
        const ok = { session_id: session };
        const cases: [string, Record<string, unknown> | string, number, unknown][] = [
          ['GetCurrentStatus', { session_id: 'f'.repeat(40) }, 401, 'invalid_session_id'],
          ['NoSuchRoute', {}, 400, 'basic_api'],
          ['NoSuchRoute', ok, 400, 'bad_route'],
          ['InterruptGeneration', ok, 400, 'bad_route'],
          ['GetCurrentStatus/', ok, 400, 'bad_route'],
          ['GenerateText2ImageWS', { ...ok, images: 1 }, 400, 'bad_request_method'],
          ['GetCurrentStatus', '[]', 400, 'internal_error'],
          ['GetCurrentStatus', '{bad', 400, 'internal_error'],
          ['GetNewSession', { impersonateUser: null }, 200, 'bad_impersonate'],
          ['Login', { username: 'a', password: 'b' }, 200, 'invalid_login'],
          ['ListRecentLogMessages', { ...ok, types: ['Info'] }, 400, 'internal_error'],
        ];
        for (const [route, body, status, id] of cases) {
          const answer = await client.request('POST', `/API/${route}`, { body });
          expect([route, answer.status, answer.json['error_id']]).toEqual([route, status, id]);
        }
        const domain: [string, Record<string, unknown>, string][] = [
          [
            'InterruptAll',
            { other_sessions: null },
            "Invalid value '' for parameter 'other_sessions', must be type 'Boolean'",
          ],
          [
            'InterruptAll',
            { other_sessions: 'maybe' },
            "Invalid value 'maybe' for parameter 'other_sessions', must be type 'Boolean'",
          ],
          ['ListImages', {}, "Missing required parameter 'path'"],
          ['GenerateText2Image', {}, "Missing required parameter 'images'"],
          ['AdminInterruptUser', { name: 'nobody-here' }, 'No user by that name exists.'],
        ];
        for (const [route, body, error] of domain) {
          const answer = await client.call(route, { ...ok, ...body });
          expect([route, answer.status, answer.json]).toEqual([route, 200, { error }]);
        }
        expect((await client.call('InterruptAll', { ...ok, other_sessions: 'True' })).json).toEqual({ success: true });
      });

      test('only POST with a JSON type reaches a route', async () => {
        const session = await client.newSession();
        for (const method of ['GET', 'PUT', 'OPTIONS']) {
          const answer = await client.request(
            method,
            '/API/GetCurrentStatus',
            method === 'PUT' ? { body: { session_id: session } } : {},
          );
          expect([method, answer.status, answer.location]).toEqual([method, 302, '/Error/NoGetAPI']);
        }
        const plain = await client.request('POST', '/API/GetCurrentStatus', {
          body: { session_id: session },
          headers: { 'content-type': 'text/plain' },
        });
        expect([plain.status, plain.json]).toEqual([400, { error_id: 'basic_api', error: 'Wrong content type' }]);
        const nobody = await client.request('POST', '/API/GetCurrentStatus', {
          headers: { 'content-type': 'application/json' },
        });
        expect([nobody.status, nobody.json]).toEqual([400, { error_id: 'basic_api', error: 'bad content length' }]);
      });

      test('a socket is refused with one message and close 1000 (swarmui rec 03)', async () => {
        const session = await client.newSession();
        const cases: [string, Record<string, unknown>, Record<string, unknown>][] = [
          ['GenerateText2ImageWS', { session_id: 'f'.repeat(40), images: 1 }, { error_id: 'invalid_session_id' }],
          ['GenerateText2ImageWS', { images: 1 }, { error_id: 'basic_api', error: 'missing session id' }],
          ['NoSuchWS', { session_id: session }, { error_id: 'bad_route', error: 'Unknown API route.' }],
          ['GetCurrentStatus', { session_id: session }, { error_id: 'bad_request_method' }],
          [
            'GenerateText2ImageWS',
            { session_id: session, prompt: 'x' },
            { error: "Missing required parameter 'images'" },
          ],
        ];
        for (const [route, body, message] of cases) {
          const stream = await client.open(`/API/${route}`);
          stream.send(body);
          expect(await stream.closed()).toBe(1000);
          expect(stream.messages).toEqual([expect.objectContaining(message)]);
        }
      });
    });

    describe('streams (swarmui §3.2)', () => {
      test('one image: the whole order of messages (swarmui rec 05)', async () => {
        const session = await client.newSession();
        const stream = await client.generate(session, { comfyworkflowraw: probeGraph() });
        expect(await stream.closed(closeMs)).toBe(1000);
        expect(shapes(stream.messages)).toEqual([...RUNNING, 'image 0 string', 'status 0 0 0 0', ...TAIL]);
        expect(stream.messages.filter((message) => JSON.stringify(message).includes('is_preview'))).toHaveLength(1);
      });

      test('three images on two slots: every index once, the session is idle at the end (swarmui rec 06)', async () => {
        const session = await client.newSession();
        const stream = await client.generate(session, { images: 3, comfyworkflowraw: probeGraph({ steps: 3 }) });
        await stream.closed(closeMs);
        const indices = stream.messages
          .filter((message) => 'image' in message)
          .map((message) => message['batch_index']);
        expect([...indices].sort()).toEqual(['0', '1', '2']);
        expect(shapes(stream.messages).slice(-TAIL.length)).toEqual(TAIL);
        expect((await client.call('GetCurrentStatus', { session_id: session })).json['status']).toEqual({
          waiting_gens: 0,
          loading_models: 0,
          waiting_backends: 0,
          live_gens: 0,
        });
      });

      test('a parameter error ends without keep_alive and discard_indices (swarmui rec 09)', async () => {
        const session = await client.newSession();
        for (const [body, error] of [
          [
            { model: 'no-such-model' },
            "Invalid value for parameter Model: Invalid model value for param Model - 'no-such-model' - are you sure that model name is correct?",
          ],
          [
            { steps: 'abc' },
            "Invalid value for parameter Steps: Invalid integer value for param Steps - 'abc' - must be a valid integer (eg '0', '3', '-5', etc)",
          ],
          [
            { steps: null },
            "Invalid value for parameter Steps: Invalid integer value for param Steps - '' - must be a valid integer (eg '0', '3', '-5', etc)",
          ],
        ] as const) {
          const stream = await client.generate(session, body);
          await stream.closed(closeMs);
          expect(shapes(stream.messages)).toEqual([
            'status 1 0 0 0',
            `error ${JSON.stringify(error)}`,
            ...TAIL_AFTER_PARAMETER_ERROR,
          ]);
        }
      });

      test.each([
        [
          'a node raises',
          probeGraph({ fail_at: 3 }),
          [...RUNNING, 'error "ComfyUI execution error: probe failed on purpose\\n"', 'status 0 0 0 0'],
        ],
        [
          'no model',
          undefined,
          [...HANDED, 'error "No model input given. Did your UI load properly?"', 'status 0 0 0 0'],
        ],
        [
          'a node type nobody knows',
          '{"1":{"class_type":"NoSuchNode","inputs":{}}}',
          [
            ...WAITING,
            'error "No backends match the settings of the request given! Backends refused for the following reason(s):\\n- The custom workflow contains an unsupported node type \'NoSuchNode\'."',
            'status 1 0 0 0',
          ],
        ],
      ])('%s: error, then the usual end (swarmui rec 09, 10)', async (_name, graph, expected) => {
        const session = await client.newSession();
        const stream = await client.generate(
          session,
          graph === undefined ? { prompt: 'x' } : { comfyworkflowraw: graph },
        );
        await stream.closed(closeMs);
        expect(shapes(stream.messages)).toEqual([...expected, ...TAIL]);
      });

      test('a prompt ComfyUI refuses, and one that makes no image (swarmui rec 10)', async () => {
        const session = await client.newSession();
        const refused = await client.generate(session, {
          comfyworkflowraw: '{"9":{"class_type":"SwarmSaveImageWS","inputs":{}}}',
        });
        await refused.closed(closeMs);
        expect(refused.errors()).toEqual([expect.stringMatching(/^ComfyUI errored: \{/)]);
        const graph = JSON.stringify({
          '10': { class_type: 'ProbeSleep', inputs: { steps: 2, ms: 10, seed: 5 } },
          '11': { class_type: 'ProbeOut', inputs: { images: ['10', 0], say: '"x"' } },
        });
        const empty = await client.generate(session, { comfyworkflowraw: graph });
        await empty.closed(closeMs);
        expect(empty.errors()).toEqual([
          'No images were generated (all refused, or failed - check server logs for details).',
        ]);
        expect(shapes(empty.messages).slice(-TAIL.length)).toEqual(TAIL);
      });

      test('a second request on the same socket continues the indices (swarmui rec 35)', async () => {
        const session = await client.newSession();
        const stream = await client.generate(session, { comfyworkflowraw: probeGraph({ steps: 5 }) });
        await stream.claimed();
        stream.send({ images: 1, comfyworkflowraw: probeGraph({ steps: 2 }) });
        await stream.closed(closeMs);
        const indices = stream.messages
          .filter((message) => 'image' in message)
          .map((message) => message['batch_index']);
        expect(indices).toEqual(['0', '1']);
        expect(stream.messages.filter((message) => 'discard_indices' in message)).toHaveLength(2);
        expect(stream.messages.filter((message) => 'socket_intention' in message)).toHaveLength(1);
      });

      test('raw frames tell our prompt id: the last execution_start before the metadata (swarmui rec 42)', async () => {
        const session = await client.newSession();
        const stream = await client.generate(session, {
          forwardrawbackenddata: true,
          comfyworkflowraw: probeGraph({ steps: 60 }),
        });
        await stream.running();
        const at = stream.messages.findIndex(
          (message) => (message['gen_progress'] as Record<string, unknown> | undefined)?.['metadata'] !== undefined,
        );
        const starts = stream.messages.slice(0, at).flatMap((message) => {
          const raw = message['raw_backend_data'] as { data: string } | undefined;
          const match =
            raw === undefined
              ? null
              : /"execution_start".*?"prompt_id": ?"([^"]+)"/.exec(Buffer.from(raw.data, 'base64').toString('latin1'));
          return match?.[1] === undefined ? [] : [match[1]];
        });
        expect((await client.comfyQueue()).running).toEqual([starts.at(-1)]);
      });
    });

    describe('outputs (swarmui §3.5)', () => {
      test('an image is found by our extra_metadata and fetched (swarmui rec 25)', async () => {
        const session = await client.newSession();
        const tag = `tag-${String(Date.now())}`;
        const stream = await client.generate(session, {
          comfyworkflowraw: probeGraph({ steps: 1 }),
          extra_metadata: { job: tag, at: 't:2026-11-21T01:02:03Z' },
        });
        await stream.ended();
        const [image = ''] = stream.images();
        expect(image).toMatch(/^View\/[^/]+\/raw\/\d{4}-\d{2}-\d{2}\/.+\.png$/);
        const listed = (await client.call('ListImages', { session_id: session, path: '', depth: 3, sortBy: 'Date' }))
          .json['files'] as { src: string; metadata: string }[];
        const found = listed.find((file) => file.metadata.includes(tag));
        expect(image.endsWith(found?.src ?? 'nothing')).toBe(true);
        expect((JSON.parse(found?.metadata ?? '{}') as { sui_extra_data: unknown }).sui_extra_data).toMatchObject({
          job: tag,
          at: 't:2026-11-21T01:02:03Z',
        });
        const file = await client.request('GET', `/${image.split('/').map(encodeURIComponent).join('/')}`);
        expect([file.status, file.contentType, file.bytes.subarray(1, 4).toString()]).toEqual([
          200,
          'image/png',
          'PNG',
        ]);
        const missing = await client.request('GET', '/View/local/raw/none.png');
        expect([missing.status, missing.json['error_id']]).toEqual([404, 'file_not_found']);
      });

      test('donotsave gives a data URL; over HTTP the answer comes at the end (swarmui rec 07, 26)', async () => {
        const session = await client.newSession();
        const stream = await client.generate(session, { donotsave: true, comfyworkflowraw: probeGraph({ steps: 1 }) });
        await stream.ended();
        expect(stream.images()).toEqual([expect.stringMatching(/^data:image\/png;base64,/)]);
        const http = await client.call('GenerateText2Image', {
          session_id: session,
          images: 2,
          comfyworkflowraw: probeGraph({ steps: 1 }),
        });
        expect(http.json['images']).toHaveLength(2);
        const failing = await client.call('GenerateText2Image', {
          session_id: session,
          images: 1,
          comfyworkflowraw: probeGraph({ fail_at: 1 }),
        });
        expect([failing.status, failing.json]).toEqual([
          200,
          { error: 'ComfyUI execution error: probe failed on purpose\n' },
        ]);
      });
    });

    cancelConformance(closeMs, () => client);

    test('backends are listed by id, with slots and settings (swarmui rec 24)', async () => {
      const session = await client.newSession();
      const { json } = await client.call('ListBackends', { session_id: session, full_data: true });
      const [key, backend] = Object.entries(json)[0] ?? [];
      expect(backend).toMatchObject({
        id: Number(key),
        status: 'running',
        enabled: true,
        max_usages: 2,
        can_load_models: true,
      });
      expect(backend).toHaveProperty('current_model');
      const without = (await client.call('ListBackends', { session_id: session })).json;
      expect(Object.values(without)[0]).not.toHaveProperty('current_model');
      const users = (await client.call('ListConnectedUsers', { session_id: session })).json['users'] as Record<
        string,
        unknown
      >[];
      expect(users[0]).toMatchObject({
        waiting_gens: 0,
        live_gens: 0,
        active_sessions: [{ count: expect.any(Number) as number }],
      });
      const resources = (await client.call('GetServerResourceInfo', { session_id: session })).json;
      expect(resources).toMatchObject({
        cpu: { cores: expect.any(Number) as number },
        system_ram: { total: expect.any(Number) as number },
      });
    });
  });
}

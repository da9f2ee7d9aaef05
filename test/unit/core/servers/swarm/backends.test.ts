/** Backends, their slots, and slots that were lost. */
import { describe, expect, test } from 'vitest';
import { Backends } from '../../../../../electron/core/servers/swarm/backends.ts';
import { BackendSchema, BackendsSchema } from '../../../../../electron/core/servers/swarm/schemas.ts';
import { lines } from './replay.ts';
import { prompt } from './samples.ts';

const listed = (recording: string): unknown =>
  lines(recording).find((line) => line.dir === 'http-res' && line.path === '/API/ListBackends' && line.status === 200)
    ?.body;

describe('backends', () => {
  test('slots are those of running backends that take images (swarmui rec 24, 41)', () => {
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

  test("AllowIdle is told (swarmui rec 40); an entry that can't be read is left out", () => {
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

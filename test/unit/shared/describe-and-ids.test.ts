/** What a row says of a payload; ids in order; errors over a wire. */
import { describe as group, expect, it } from 'vitest';
import { describe } from '../../../shared/kinds/kinds.ts';
import { AppError, fromWire, isAbort, toWire } from '../../../shared/errors.ts';
import { uuidv4, uuidv7 } from '../../../shared/ids.ts';
import { Aborted } from '../../../shared/util/async.ts';
import { pictureGraph } from '../../support/core-harness.ts';

group('describe', () => {
  it('finds prompt, size, seed and model by following the links', () => {
    const { info, prompt, title } = describe(
      { kind: 'comfy', graph: pictureGraph('fog over the cranes\nlong exposure') },
      { set: { '5': { seed: 77 } } },
      'a.json',
    );
    expect(info).toMatchObject({
      source: 'a.json',
      width: 128,
      height: 96,
      seed: '77',
      model: 'dreamscape-xl.safetensors',
      nodes: 7,
    });
    expect(prompt).toBe('fog over the cranes\nlong exposure');
    expect(title).toBe('fog over the cranes long exposure');
  });

  it('guesses nothing: an unknown graph is called by its file', () => {
    const { info, title } = describe(
      { kind: 'comfy', graph: { '1': { class_type: 'X', inputs: {} } } },
      null,
      'odd.json',
    );
    expect(title).toBe('odd.json');
    expect(info).toMatchObject({ width: null, seed: null, model: null });
  });

  it('is not led in circles', () => {
    const graph = {
      '1': { class_type: 'A', inputs: { positive: ['2', 0] } },
      '2': { class_type: 'B', inputs: { x: ['3', 0] } },
      '3': { class_type: 'C', inputs: { y: ['2', 0] } },
    };
    expect(describe({ kind: 'comfy', graph }, null, null)).toMatchObject({ prompt: '', title: null });
  });

  it('reads SwarmUI parameters, quoted numbers too', () => {
    const { info, title } = describe(
      { kind: 'swarm', images: 4, params: { prompt: 'heron', width: '1024', height: 768, seed: 5, model: 'm' } },
      { params: { seed: '18446744073709551615' } },
      null,
    );
    expect(info).toMatchObject({ width: 1024, height: 768, seed: '18446744073709551615', images: 4, model: 'm' });
    expect(title).toBe('heron');
  });
});

group('ids', () => {
  it('uuidv7 rises strictly, within a millisecond and when the clock jumps back', () => {
    const ids = [...Array.from({ length: 5_000 }, () => uuidv7(1_000)), uuidv7(500), uuidv7(2_000)];
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
  it('uuidv4 is canonical', () => {
    expect(uuidv4()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});

group('errors', () => {
  it('keep code, message, details and cause over a wire; an unreadable one is a bug', () => {
    const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const back = fromWire(
      JSON.parse(
        JSON.stringify(toWire(new AppError('server_unreachable', 'no answer', { details: { url: 'x' }, cause }))),
      ),
    );
    expect(back).toMatchObject({
      code: 'server_unreachable',
      message: 'no answer',
      details: { url: 'x' },
      retryable: true,
    });
    expect(fromWire('nonsense').code).toBe('bug');
    expect(fromWire({ code: 'made-up', message: 'm' }).code).toBe('bug');
  });
  it('an abort is not an error', () => {
    expect(isAbort(new Aborted('Shutdown'))).toBe(true);
    expect(isAbort(new AppError('bug', 'x'))).toBe(false);
  });
});

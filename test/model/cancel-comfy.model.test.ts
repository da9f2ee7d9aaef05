/**
 * The stop procedure under every interleaving with server, worker, network and other clients (architecture, Appendix A).
 * The right procedure must never report falsely; each wrong variant must be caught, or the search proves nothing.
 */
import { describe, expect, it } from 'vitest';
import { explore } from './cancel-comfy.ts';
import type { Variant, Verdict } from './cancel-comfy.ts';
import { world } from './comfy-server-model.ts';
import type { WorldOptions } from './comfy-server-model.ts';

/** A neighbour can be hit only through the server's own window between its check and its flag (C6). */
const NEIGHBOUR = 'a neighbour was interrupted';

function run(options: WorldOptions, variant: Variant = {}): Verdict & { falseReports: string[] } {
  const verdict = explore(world(options), variant);
  return { ...verdict, falseReports: [...verdict.wrong.keys()].filter((fault) => fault !== NEIGHBOUR) };
}

describe('the procedure', () => {
  const worlds: Record<string, WorldOptions> = {
    'ours next in line': { waiting: ['T', 'O'] },
    'ours behind a neighbour': { waiting: ['O', 'T'] },
    'ours waits while a neighbour runs': { waiting: ['T'], running: 'O' },
    'ours runs': { waiting: ['O'], running: 'T' },
    'another client clears the history': { waiting: ['T', 'O'], clears: 2 },
    'another client removes ours': { waiting: ['O', 'T'], strangersDelete: 1, clears: 1 },
    'our socket is silent': { waiting: ['T', 'O'], silent: true },
    'silent, and the history is cleared': { waiting: ['T', 'O'], silent: true, clears: 2 },
    'silent, cleared, and ours removed by another': {
      waiting: ['O', 'T'],
      silent: true,
      clears: 1,
      strangersDelete: 1,
    },
    'the server restarts': { waiting: ['T', 'O'], restarts: 1, clears: 1 },
  };
  for (const [name, options] of Object.entries(worlds)) {
    for (const mode of ['stop', 'if-waiting'] as const) {
      for (const witness of [null, 'W'] as const) {
        it(`never reports falsely: ${name}, ${mode}${witness === null ? '' : ', with a witness'}`, () => {
          const verdict = run({ ...options, history: witness === null ? [] : ['W'] }, { mode, witness });
          expect(verdict.falseReports.map((fault) => [fault, verdict.wrong.get(fault)])).toEqual([]);
          expect(verdict.states).toBeGreaterThan(20);
          if (mode === 'if-waiting') expect(verdict.wrong.has(NEIGHBOUR)).toBe(false);
        });
      }
    }
  }

  it('can hit a neighbour only after ours was checked as running and ended before the flag was set', () => {
    const verdict = run({ waiting: ['T', 'O'] });
    const steps = verdict.wrong.get(NEIGHBOUR) ?? [];
    expect(steps).toContain('interrupt');
    expect(steps.indexOf('set flag')).toBeGreaterThan(steps.indexOf('finish T'));
  });

  it('proves "had not started" by the stream, or by the witness where the stream is silent', () => {
    expect(run({ waiting: ['T', 'O'] }).reports).toContain('stopped waiting');
    expect(run({ waiting: ['T', 'O'], silent: true, history: ['W'] }, { witness: 'W' }).reports).toContain(
      'stopped waiting',
    );
    const blind = run({ waiting: ['T', 'O'], silent: true });
    expect(blind.reports).not.toContain('stopped waiting');
    expect(blind.reports).toContain('vanished');
  });
});

describe('wrong variants are caught', () => {
  it('B: history read before the queue', () => {
    const options: WorldOptions = { waiting: ['T', 'O'], history: ['W'] };
    expect(run(options, { witness: 'W', historyFirst: true }).falseReports).toContain(
      'said "stopped waiting" of a job that done',
    );
    expect(run(options, { witness: 'W' }).falseReports).toEqual([]);
  });

  it('A3: an unsettled submit', () => {
    const verdict = run({ onTheWay: true, history: ['W'] }, { witness: 'W' });
    expect(verdict.falseReports).toContain('said "stopped waiting" of a job that none');
  });

  it('C: an untargeted interrupt hits a neighbour across a round trip', () => {
    const steps = run({ waiting: ['T', 'O'] }, { untargeted: true }).wrong.get(NEIGHBOUR) ?? [];
    expect(steps).toContain('finish T');
    expect(steps).not.toContain('set flag');
  });

  it('D: sent once, an interrupt lost at pick-up lets the job run to its end', () => {
    expect(run({ waiting: ['T', 'O'] }, { once: true }).runsOn).toContain('interrupt');
    expect(run({ waiting: ['T', 'O'] }).runsOn).toBeNull();
  });

  it('absence believed while the socket is silent and another client clears the history', () => {
    const verdict = run({ waiting: ['T', 'O'], silent: true, clears: 2 }, { believesAbsence: true });
    expect(verdict.falseReports).toContain('said "stopped waiting" of a job that done');
  });

  it('a status frame believed without the fence behind it: the start may still be on its way', () => {
    const verdict = run({ waiting: ['T', 'O'], clears: 2 }, { noFence: true });
    expect(verdict.falseReports).toContain('said "stopped waiting" of a job that done');
  });

  it('a witness that was not in the history before proves nothing', () => {
    // "O" ends after T here: taking it as witness would call a job that ran removed.
    const verdict = run({ waiting: ['T', 'O'], silent: true, clears: 2 }, { witness: 'O:done' });
    expect(verdict.falseReports).toContain('said "stopped waiting" of a job that done');
  });
});

import { describe, expect, it } from 'vitest';
import { LIFE_START, advanceLife } from '../../../../electron/desktop/life/lifecycle.ts';
import type { LifeEffect, LifeFacts, LifeInput, LifeState } from '../../../../electron/desktop/life/lifecycle.ts';

const calm: LifeFacts = {
  busy: false,
  submitting: false,
  tray: true,
  settings: { closeToTray: 'ask', quitWithWork: 'ask' },
};
const busy: LifeFacts = { ...calm, busy: true };
const cancelling: LifeState = { phase: 'cancelling', question: null, then: 'exit' };

/** Runs inputs in order, with the same facts, and keeps every effect. */
function run(
  inputs: readonly LifeInput[],
  facts: LifeFacts,
  from: LifeState = LIFE_START,
): { state: LifeState; effects: LifeEffect[] } {
  let state = from;
  const effects: LifeEffect[] = [];
  for (const input of inputs) {
    const step = advanceLife(state, input, facts);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

describe('closing the window', () => {
  it('is asked about once, and the answer is remembered', () => {
    expect(run([{ type: 'close' }], busy).effects).toEqual(['keep-window', 'ask-close']);
    expect(run([{ type: 'close' }, { type: 'close' }], busy).effects).toEqual([
      'keep-window',
      'ask-close',
      'keep-window',
    ]);
    const answered = run([{ type: 'close' }, { type: 'close-answer', answer: 'tray', remember: true }], busy);
    expect(answered.effects.slice(2)).toEqual(['remember-close-tray', 'hide-window']);
    expect(answered.state.phase).toBe('up');
    expect(
      run([{ type: 'close' }, { type: 'close-answer', answer: 'stay', remember: true }], busy).effects.slice(2),
    ).toEqual([]);
  });

  it('hides into the tray where the user said so', () => {
    expect(
      run([{ type: 'close' }], { ...busy, settings: { closeToTray: 'tray', quitWithWork: 'ask' } }).effects,
    ).toEqual(['keep-window', 'hide-window']);
  });

  it('never hides the app where there is no tray, whatever the setting says', () => {
    for (const closeToTray of ['ask', 'tray', 'quit'] as const) {
      for (const working of [true, false]) {
        const { effects } = run([{ type: 'close' }], {
          ...calm,
          busy: working,
          tray: false,
          settings: { closeToTray, quitWithWork: 'ask' },
        });
        expect(effects).not.toContain('hide-window');
        expect(effects).toEqual(working ? ['keep-window', 'ask-quit'] : ['close-core']);
      }
    }
  });

  it('does not hide when the tray went while the question was open', () => {
    const { state } = run([{ type: 'close' }], busy);
    expect(
      run([{ type: 'close-answer', answer: 'tray', remember: true }], { ...busy, tray: false }, state).effects,
    ).toEqual([]);
  });

  it('as quitting asks about work that runs', () => {
    const { effects, state } = run([{ type: 'close' }, { type: 'close-answer', answer: 'quit', remember: true }], busy);
    expect(effects.slice(2)).toEqual(['remember-close-quit', 'ask-quit']);
    expect(state).toMatchObject({ phase: 'asking', question: 'quit' });
  });
});

describe('quitting', () => {
  it('without work just ends', () => {
    expect(run([{ type: 'quit' }, { type: 'core-closed' }], calm)).toEqual({
      state: { phase: 'over', question: null, then: 'exit' },
      effects: ['close-core', 'exit'],
    });
  });

  it('with work asks, and keeps jobs running by default', () => {
    const { effects, state } = run(
      [{ type: 'quit' }, { type: 'quit-answer', answer: 'keep', remember: false }, { type: 'core-closed' }],
      busy,
    );
    expect(effects).toEqual(['ask-quit', 'close-core', 'exit']);
    expect(state.phase).toBe('over');
  });

  it('cancelling first waits for the end of every job, or for the user', () => {
    const asked = run([{ type: 'quit' }, { type: 'quit-answer', answer: 'cancel', remember: true }], busy);
    expect(asked.effects).toEqual(['ask-quit', 'remember-quit-cancel', 'cancel-all']);
    expect(asked.state.phase).toBe('cancelling');
    expect(run([{ type: 'all-ended' }, { type: 'core-closed' }], busy, cancelling).effects).toEqual([
      'end-question',
      'close-core',
      'exit',
    ]);
    expect(run([{ type: 'quit-now' }], busy, cancelling).effects).toEqual(['end-question', 'close-core']);
    expect(run([{ type: 'stay' }], busy, cancelling)).toEqual({ state: LIFE_START, effects: ['end-question'] });
    // A second Quit, or the close button, while cancelling changes nothing.
    expect(run([{ type: 'quit' }, { type: 'close' }], busy, cancelling)).toEqual({
      state: cancelling,
      effects: ['keep-window'],
    });
  });

  it('does what was remembered without asking', () => {
    expect(
      run([{ type: 'quit' }], { ...busy, settings: { closeToTray: 'ask', quitWithWork: 'keep' } }).effects,
    ).toEqual(['close-core']);
    expect(
      run([{ type: 'quit' }], { ...busy, settings: { closeToTray: 'ask', quitWithWork: 'cancel' } }).effects,
    ).toEqual(['cancel-all']);
  });

  it('answers a question about closing that is still open', () => {
    expect(run([{ type: 'close' }, { type: 'quit' }], busy).effects).toEqual([
      'keep-window',
      'ask-close',
      'end-question',
      'ask-quit',
    ]);
  });

  it('asked twice asks once', () => {
    expect(run([{ type: 'quit' }, { type: 'quit' }], busy).effects).toEqual(['ask-quit']);
  });

  it('takes no answer to a question nobody asked', () => {
    expect(
      run(
        [
          { type: 'quit-answer', answer: 'cancel', remember: true },
          { type: 'close-answer', answer: 'quit', remember: true },
          { type: 'all-ended' },
          { type: 'quit-now' },
          { type: 'stay' },
        ],
        busy,
      ),
    ).toEqual({ state: LIFE_START, effects: [] });
  });
});

describe('the system’s end', () => {
  it.each<[string, LifeState]>([
    ['up', LIFE_START],
    ['asking', { phase: 'asking', question: 'quit', then: 'exit' }],
    ['cancelling', cancelling],
  ])('while %s asks nothing and holds nothing back', (_name, from) => {
    const { state, effects } = run([{ type: 'system-ends' }, { type: 'close' }, { type: 'quit' }], busy, from);
    expect(effects).toEqual(['end-question', 'close-core']);
    expect(state.phase).toBe('ending');
  });
});

describe('an update', () => {
  it('closes the core before anything is installed', () => {
    expect(
      run([{ type: 'update' }, { type: 'close' }, { type: 'quit' }, { type: 'core-closed' }], busy).effects,
    ).toEqual(['close-core', 'install-update']);
  });
  it('never begins while a job is being sent, nor over a question', () => {
    expect(run([{ type: 'update' }], { ...busy, submitting: true })).toEqual({
      state: LIFE_START,
      effects: ['update-later'],
    });
    expect(run([{ type: 'update' }], busy, cancelling).effects).toEqual(['update-later']);
  });
});

it('after sleep every connection is made anew', () => {
  expect(run([{ type: 'resume' }], busy)).toEqual({ state: LIFE_START, effects: ['reconnect'] });
});

/** Every sequence of inputs up to four long, with every set of facts: what must hold always. */
describe('any interleaving', () => {
  const inputs: LifeInput[] = [
    { type: 'close' },
    { type: 'quit' },
    { type: 'all-ended' },
    { type: 'quit-now' },
    { type: 'stay' },
    { type: 'system-ends' },
    { type: 'update' },
    { type: 'core-closed' },
    { type: 'resume' },
    ...(['tray', 'quit', 'stay'] as const).map((answer): LifeInput => ({
      type: 'close-answer',
      answer,
      remember: true,
    })),
    ...(['keep', 'cancel', 'stay'] as const).map((answer): LifeInput => ({
      type: 'quit-answer',
      answer,
      remember: false,
    })),
  ];
  const allFacts = [true, false].flatMap((working) =>
    [true, false].flatMap((tray) =>
      (['ask', 'tray', 'quit'] as const).flatMap((closeToTray) =>
        (['ask', 'keep', 'cancel'] as const).map((quitWithWork): LifeFacts => ({
          busy: working,
          submitting: false,
          tray,
          settings: { closeToTray, quitWithWork },
        })),
      ),
    ),
  );

  it('ends once, never asks while ending, never hides without a tray, and closes the core at most once', () => {
    let seen = 0;
    for (const facts of allFacts) {
      const states = new Map<string, { state: LifeState; closes: number; ends: number }>([
        ['', { state: LIFE_START, closes: 0, ends: 0 }],
      ]);
      let frontier = [...states.values()];
      for (let depth = 0; depth < 6; depth += 1) {
        const next: typeof frontier = [];
        for (const { state, closes, ends } of frontier) {
          for (const input of inputs) {
            // The core says it is closed only after it was asked to.
            if (input.type === 'core-closed' && closes === 0) continue;
            const step = advanceLife(state, input, facts);
            const asks = step.effects.some((effect) => effect === 'ask-close' || effect === 'ask-quit');
            if (state.phase === 'ending' || state.phase === 'over') expect(asks).toBe(false);
            if (!facts.tray) expect(step.effects).not.toContain('hide-window');
            if (state.phase === 'over') expect(step).toEqual({ state, effects: [] });
            expect(step.state.phase === 'asking').toBe(step.state.question !== null);
            const after = {
              state: step.state,
              closes: closes + step.effects.filter((effect) => effect === 'close-core').length,
              ends: ends + step.effects.filter((effect) => effect === 'exit' || effect === 'install-update').length,
            };
            expect(after.closes).toBeLessThanOrEqual(1);
            expect(after.ends).toBeLessThanOrEqual(1);
            if (after.ends > 0) expect(after.closes).toBe(1);
            const key = JSON.stringify(after);
            if (!states.has(key)) {
              states.set(key, after);
              next.push(after);
            }
          }
        }
        frontier = next;
      }
      seen += states.size;
    }
    expect(seen).toBeGreaterThan(100);
  });
});

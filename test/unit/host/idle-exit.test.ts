/** When the host ends by itself. */
import { describe, expect, it } from 'vitest';
import { IdleExit } from '../../../electron/host/idle-exit.ts';
import { until } from '../../support/until.ts';

describe('ending by itself', () => {
  const setUp = (): { state: { windows: number; busy: boolean; said: string[]; ended: number }; idle: IdleExit } => {
    const state = { windows: 1, busy: false, said: [] as string[], ended: 0 };
    const idle = new IdleExit({
      windows: () => state.windows,
      busy: () => state.busy,
      say: (what) => state.said.push(what),
      end: () => (state.ended += 1),
      graceMs: 30,
      lookEveryMs: 5,
    });
    idle.windowsChanged();
    return { state, idle };
  };

  it('happens when the last window stays closed and nothing is left to do', async () => {
    const { state, idle } = setUp();
    state.windows = 0;
    idle.windowsChanged();
    await until('it ends', () => state.ended === 1);
    expect(state.said).toEqual(['last-window', 'idle']);
  });

  it('waits for work, and says so once', async () => {
    const { state, idle } = setUp();
    state.busy = true;
    state.windows = 0;
    idle.windowsChanged();
    await until('it says so', () => state.said.includes('waiting-for-work'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(state.ended).toBe(0);
    state.busy = false;
    await until('it ends', () => state.ended === 1);
    expect(state.said).toEqual(['last-window', 'waiting-for-work', 'idle']);
  });

  it('does not happen when a window comes back in time', async () => {
    const { state, idle } = setUp();
    state.windows = 0;
    idle.windowsChanged();
    state.windows = 1;
    idle.windowsChanged();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(state.ended).toBe(0);
    idle.close();
  });
});

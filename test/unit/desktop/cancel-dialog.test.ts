import type { MessageBoxOptions, MessageBoxReturnValue } from 'electron';
import { describe, expect, it } from 'vitest';
import { CancelDialog } from '../../../electron/desktop/cancel-dialog.ts';
import { AppError } from '../../../shared/errors.ts';
import type { CancelPreview } from '../../../shared/cancel-schema.ts';
import { jobId, serverId } from './samples.ts';

const none = { local: 0, staged: 0, running: 0, collecting: 0, foreign: 0, foreignKept: 0 };
const preview = (
  token: string,
  counts: Partial<CancelPreview['total']>,
  title: string | null = null,
): CancelPreview => {
  const total = { ...none, ...counts };
  return { token, total, title, warnings: [], servers: [{ serverId: serverId(1), name: 'Studio', counts: total }] };
};

interface Site {
  previews?: CancelPreview[];
  askForOne?: boolean;
  /** Thrown by the first runs. */
  failures?: AppError[];
  press?: (options: MessageBoxOptions) => Promise<MessageBoxReturnValue> | MessageBoxReturnValue;
}

/** A box is answered in a later turn, as `dialog.showMessageBox` is (lib/browser/api/dialog.ts). */
function site({
  previews = [preview('a', { running: 1, local: 2 })],
  askForOne = true,
  failures = [],
  press = () => ({ response: 0, checkboxChecked: false }),
}: Site = {}) {
  const calls: [string, unknown][] = [];
  const boxes: MessageBoxOptions[] = [];
  const failed: string[] = [];
  const ask = async (name: string, args: unknown): Promise<unknown> => {
    calls.push([name, args]);
    if (name === 'settings.get') return { settings: { askForOne } };
    if (name === 'cancel.preview') return previews.shift();
    const failure = name === 'cancel.run' ? failures.shift() : undefined;
    if (failure !== undefined) throw failure;
    return { receipts: [], summary: {} };
  };
  const dialog = new CancelDialog({
    ask: ask as never,
    show: async (options) => {
      boxes.push(options);
      await new Promise(setImmediate);
      return press(options);
    },
    failed: (error) => failed.push(error.code),
  });
  const runs = (): unknown[] => calls.filter(([name]) => name === 'cancel.run').map(([, args]) => args);
  return { dialog, calls, boxes, failed, runs };
}

const all = { scope: { server: 'all', which: 'mine' }, mode: 'stop', by: 'tray' } as const;
const one = { scope: { jobs: [jobId(1)] }, mode: 'stop', by: 'tray' } as const;

describe('a cancel from the tray', () => {
  it('says what will happen to what, names its buttons, and keeps the focus on the safe one', async () => {
    const { dialog, boxes, runs } = site();
    await dialog.run(all);
    expect(boxes[0]).toMatchObject({
      message: 'Cancel 3 jobs on Studio?',
      detail:
        '1 running stops at its next step. Its images so far are kept.\n2 waiting are removed. You can put them back from History.',
      buttons: ['Cancel 3 jobs', 'Keep jobs'],
      defaultId: 1,
      cancelId: 1,
    });
    expect(boxes[0]?.checkboxLabel).toBeUndefined();
    expect(runs()).toEqual([{ ...all, previewToken: 'a' }]);
  });
  it('writes large counts with a separator', async () => {
    const { dialog, boxes } = site({ previews: [preview('a', { local: 10_000 })] });
    await dialog.run(all);
    expect(boxes[0]).toMatchObject({
      message: 'Cancel 10,000 jobs on Studio?',
      buttons: ['Cancel 10,000 jobs', 'Keep jobs'],
    });
  });

  it('kept is kept', async () => {
    const { dialog, runs } = site({ press: () => ({ response: 1, checkboxChecked: true }) });
    expect(await dialog.run(all)).toBeNull();
    expect(runs()).toEqual([]);
  });
  it('of one job offers not to ask again, and remembers it only when confirmed', async () => {
    const { dialog, boxes, calls } = site({
      previews: [preview('a', { running: 1 }, 'Harbour')],
      press: () => ({ response: 0, checkboxChecked: true }),
    });
    await dialog.run(one);
    expect(boxes[0]).toMatchObject({
      message: 'Cancel “Harbour” on Studio?',
      buttons: ['Cancel job', 'Keep job'],
      checkboxLabel: 'Don’t ask for one job of mine',
    });
    expect(calls).toContainEqual(['settings.set', { settings: { askForOne: false } }]);
    const kept = site({
      previews: [preview('a', { running: 1 })],
      press: () => ({ response: 1, checkboxChecked: true }),
    });
    await kept.dialog.run(one);
    expect(kept.calls.map(([name]) => name)).not.toContain('settings.set');
  });
  it('of one job asks nothing where the user said so; of several always', async () => {
    const { dialog, boxes, runs } = site({ askForOne: false });
    await dialog.run(one);
    expect([boxes.length, runs().length]).toEqual([0, 1]);
    await dialog.run(all);
    expect(boxes).toHaveLength(1);
  });
  it('asks again when the queue has moved on, with what would be stopped now', async () => {
    const moved = new AppError('conflict', 'more', { details: { preview: preview('b', { running: 5 }) } });
    const { dialog, boxes, runs } = site({ failures: [moved] });
    await dialog.run(all);
    expect(boxes[1]?.detail).toContain(
      'The queue has changed since. This is what would be stopped now:\n5 running stop at their next step.',
    );
    expect(runs()).toEqual([
      { ...all, previewToken: 'a' },
      { ...all, previewToken: 'b' },
    ]);
  });
  it('a conflict without a picture looks again', async () => {
    const { dialog, runs } = site({
      previews: [preview('a', { local: 1 }), preview('c', { local: 2 })],
      failures: [new AppError('conflict', 'more')],
    });
    await dialog.run(all);
    expect(runs().at(-1)).toMatchObject({ previewToken: 'c' });
  });
  it('of nothing is information, no error', async () => {
    const { dialog, boxes, failed, runs } = site({ previews: [preview('a', { collecting: 1 })] });
    await dialog.run(all);
    expect(boxes[0]).toMatchObject({ type: 'info', message: 'Nothing to cancel', buttons: ['Close'] });
    expect([failed, runs()]).toEqual([[], []]);
  });
  it('that can’t be done is said', async () => {
    const { dialog, failed } = site({ failures: [new AppError('storage', 'disk full')] });
    await dialog.run(all);
    expect(failed).toEqual(['storage']);
  });
  it('asked twice: the newest question stands, and only its answer counts', async () => {
    const answers: ((value: MessageBoxReturnValue) => void)[] = [];
    const { dialog, boxes, runs } = site({
      previews: [preview('a', { local: 1 }), preview('b', { local: 2 })],
      press: () => new Promise((resolve) => answers.push(resolve)),
    });
    const first = dialog.run(all);
    while (answers.length < 1) await new Promise(setImmediate);
    const second = dialog.run({ ...all, by: 'hotkey' });
    while (answers.length < 2) await new Promise(setImmediate);
    expect(boxes[0]?.signal?.aborted).toBe(true);
    // The system closes an aborted box as if its first button had been pressed: that must not cancel anything.
    answers[0]?.({ response: 0, checkboxChecked: false });
    answers[1]?.({ response: 0, checkboxChecked: false });
    await Promise.all([first, second]);
    expect(runs()).toEqual([{ ...all, by: 'hotkey', previewToken: 'b' }]);
  });
});

/** Questions: asked only of a person at a terminal, with the preview's counts; anything but yes keeps the jobs. In this process, because a terminal can be played here. */
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readArguments } from '../../electron/cli/args.ts';
import { cancel } from '../../electron/cli/commands/cancel/command.ts';
import { linkFor } from '../../electron/cli/context.ts';
import { Failure } from '../../electron/cli/exit-codes.ts';
import { Output, whyOf } from '../../electron/cli/output.ts';
import { CliRig, WORKFLOW } from '../support/cli-rig.ts';
import { until } from '../support/until.ts';

// Each step is a process of its own, and the machine may be busy: a deadline only ends a hang.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

let rig: CliRig;
beforeAll(async () => {
  rig = await CliRig.open();
  await rig.run('pause');
}, 180_000);
afterAll(() => rig.close());
afterEach(async () => {
  await rig.run('cancel', '--all', '-q');
}, 180_000);

interface Played {
  exit: number;
  /** What was on the terminal, question included. */
  seen: string;
  /** The answer that follows, line by line. */
  said: string[];
}

/** Runs `cancel` at a terminal that answers each question with the next of `answers`; null closes the terminal. */
async function atTerminal(
  words: readonly string[],
  answers: readonly (string | null)[],
  terminal = { stdin: true, stderr: true },
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<Played> {
  const stdin = Object.assign(new PassThrough(), { isTTY: terminal.stdin });
  const stderr = Object.assign(new PassThrough(), { isTTY: terminal.stderr });
  const stdout = new PassThrough();
  let seen = '';
  let said: string[] = [];
  stderr.on('data', (part: Buffer) => (seen += part.toString()));
  const args = readArguments(['cancel', ...words]);
  const out = new Output(
    { stdin, stdout, stderr },
    { json: args.has('json'), quiet: args.has('quiet'), verbose: false, yes: args.has('yes') },
    new AbortController().signal,
  );
  const { signal } = new AbortController();
  const { link, close } = linkFor(args, rig.dataDir, out, signal);
  const running = cancel({ args, out, link, signal, now: () => Date.now() }).then(
    (answer): number => {
      said = [...answer.text(), ...[whyOf(answer)].filter((why) => why !== null)];
      return answer.exit;
    },
    (error: unknown) => {
      if (error instanceof Failure) return error.exit;
      throw error;
    },
  );
  for (const [index, answer] of answers.entries()) {
    await until(`question ${String(index + 1)}`, () => seen.split('[y/N]').length > index + 1);
    await between();
    if (answer === null) stdin.end();
    else stdin.write(answer);
  }
  const exit = await running;
  await close();
  return { exit, seen, said };
}

const submit = async (count: number): Promise<string[]> =>
  ((await rig.json('submit', WORKFLOW, '--count', String(count))).data.jobs as { id: string }[]).map((job) => job.id);
const open = async (): Promise<number> => ((await rig.json('jobs')).data.jobs as unknown[]).length;

describe('a question', () => {
  it('counts and names, and yes cancels', async () => {
    await submit(3);
    const { exit, seen } = await atTerminal(['--all'], ['y\n']);
    expect(seen).toContain('3 waiting are removed');
    expect(seen).toContain('Cancel 3 jobs');
    expect([exit, await open()]).toEqual([0, 0]);
  });

  it('says "after this one" of --after only: --waiting cancels whatever runs meanwhile', async () => {
    await submit(2);
    const { seen } = await atTerminal(['--waiting'], ['n\n']);
    expect(seen).toContain('Cancel 2 jobs');
    expect(seen).not.toContain('after this one');
    expect((await atTerminal(['--after'], ['n\n'])).seen).toContain('after this one?');
  });

  it.each(['n\n', '\n', 'yess\n', null])('keeps everything for %j', async (answer) => {
    await submit(2);
    const { exit, said } = await atTerminal(['--all'], [answer]);
    expect([exit, await open(), said]).toEqual([1, 2, ['Nothing was cancelled.']]);
  });

  it('is not asked without a terminal, nor with -y, -q or --json', async () => {
    for (const [words, terminal] of [
      [['--all'], { stdin: false, stderr: true }],
      [['--all'], { stdin: true, stderr: false }],
      [['--all', '-y'], { stdin: true, stderr: true }],
      [['--all', '-q'], { stdin: true, stderr: true }],
      [['--all', '--json'], { stdin: true, stderr: true }],
    ] as const) {
      await submit(1);
      const { exit, seen } = await atTerminal(words, [], terminal);
      expect([exit, seen.includes('[y/N]'), await open()], words.join(' ')).toEqual([0, false, 0]);
    }
  });

  it('about one job of mine can be switched off, about several it can’t', async () => {
    await rig.run('call', 'settings.set', '{"settings":{"askForOne":false}}');
    try {
      const [one = ''] = await submit(1);
      expect(await atTerminal([one], [])).toMatchObject({ exit: 0, seen: '' });
      await submit(2);
      expect((await atTerminal(['--all'], ['n\n'])).exit).toBe(1);
    } finally {
      await rig.run('call', 'settings.set', '{"settings":{"askForOne":true}}');
    }
  });

  it('race: more jobs came while it was read: they are not taken along unasked', async () => {
    await submit(1);
    let added = false;
    const { exit, seen, said } = await atTerminal(['--all'], ['y\n', 'n\n'], undefined, async () => {
      if (!added) await submit(2);
      added = true;
    });
    expect(seen).toContain('Cancel 3 jobs');
    expect([exit, await open(), said]).toEqual([1, 3, ['Nothing was cancelled.']]);
  });

  it('is not asked where there is nothing to cancel', async () => {
    expect(await atTerminal(['--all'], [])).toMatchObject({ exit: 0, seen: '' });
  });
});

/** The words of a command line: what is read, what is refused, and with which code. */
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../../electron/cli/args.ts';
import { configFile } from '../../../electron/cli/config-file.ts';
import { EXIT, Failure } from '../../../electron/cli/exit-codes.ts';
import { helpText } from '../../../electron/cli/help.ts';
import { VERBS } from '../../../electron/cli/verbs.ts';

const read = (line: string) => readArguments(line === '' ? [] : line.split(' '));

function refusal(line: string): Failure {
  try {
    read(line);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`"${line}" was not refused`);
}

describe('readArguments', () => {
  it('reads a verb, its words and its options in any order', () => {
    const args = read('--json cancel abcd --wait 3 efgh --note=a=b -qy');
    expect(args.verb?.name).toBe('cancel');
    expect(args.words).toEqual(['abcd', 'efgh']);
    expect([
      args.number('wait', 0, false),
      args.text('note'),
      args.has('quiet'),
      args.has('yes'),
      args.has('json'),
    ]).toEqual([3, 'a=b', true, true, true]);
  });

  it('reads verbs of two words; servers alone lists them', () => {
    expect(read('servers add http://x --max 3').verb?.name).toBe('servers add');
    expect(read('servers').verb?.name).toBe('servers list');
    expect(read('servers --json').verb?.name).toBe('servers list');
    expect(refusal('servers frobnicate').exit).toBe(EXIT.usage);
  });

  it('keeps every value of an option that may come often, and what looks like an option after --', () => {
    expect(readArguments(['submit', 'f.json', '--set', '3.seed=1', '--set', '6.text=a --b']).all('set')).toEqual([
      '3.seed=1',
      '6.text=a --b',
    ]);
    expect(read('cancel -- --all').words).toEqual(['--all']);
    expect(read('submit -').words).toEqual(['-']);
  });

  it('passes everything of host on, with what came before it', () => {
    expect(read('--data /d host --port 0 --demo').raw).toEqual(['--data', '/d', '--port', '0', '--demo']);
    expect(read('host --help').raw).toEqual(['--help']);
  });

  it.each([
    'frobnicate',
    'cancel --frobnicate',
    'cancel -x',
    'cancel --wait',
    'cancel --all=yes',
    'job',
    'job a b',
    'status extra',
    'cancel -q -v',
    'jobs --all',
  ])('refuses "%s" with 2', (line) => {
    expect(refusal(line).exit).toBe(EXIT.usage);
  });

  it.each(['x', '-1', '', 'NaN', '1e999'])('refuses "%s" as a number', (text) => {
    expect(() => readArguments(['cancel', '--wait', text]).number('wait', 0, false)).toThrow(Failure);
  });

  it('refuses a part of a thing that is counted', () => {
    expect(() => read('submit f --count 1.5').number('count', 1, true)).toThrow(Failure);
    expect(read('cancel --wait 0.5').number('wait', 0, false)).toBe(0.5);
  });

  it('has help for every verb, and asks no words of it', () => {
    expect(read('job --help').verb?.name).toBe('job');
    for (const verb of VERBS) {
      expect(helpText(verb)).toContain(`switchyard ${verb.usage}`);
      // What the help names is what is read.
      const named = [
        ...`${verb.usage} ${(verb.help ?? []).map(([left]) => left).join(' ')}`.matchAll(/--([a-z-]+)/g),
      ].map((match) => match[1] ?? '');
      if (verb.passesOn !== true)
        for (const name of named)
          expect([...Object.keys(verb.options ?? {}), 'key-file'], `${verb.name} --${name}`).toContain(name);
    }
  });
});

describe('the config file', () => {
  it('is where each system keeps such files, and a relative place counts for nothing', () => {
    const at = (env: Readonly<Record<string, string>>, platform: NodeJS.Platform): string =>
      configFile(env, platform, '/home/x').replaceAll('\\', '/');
    expect(at({}, 'linux')).toBe('/home/x/.config/switchyard/cli.json');
    expect(at({ XDG_CONFIG_HOME: '/etc/x' }, 'linux')).toBe('/etc/x/switchyard/cli.json');
    expect(at({ XDG_CONFIG_HOME: 'here' }, 'linux')).toBe('/home/x/.config/switchyard/cli.json');
    expect(at({}, 'darwin')).toBe('/home/x/Library/Application Support/switchyard/cli.json');
    expect(at({ APPDATA: 'C:/Users/x' }, 'win32')).toBe('C:/Users/x/switchyard/cli.json');
  });
});

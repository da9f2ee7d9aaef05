/** What `npm start` opens. */
import { describe, expect, it } from 'vitest';
import { choose, windowWords } from '../../../electron/start/choice.ts';

it.each([
  [
    ['--electron', '--hidden', '--data', 'x'],
    ['--window', '--data', 'x'],
  ],
  [
    ['--ozone-platform=x11', '--demo', '--perf'],
    ['--window', '--demo', '--perf'],
  ],
  [['--data=a b'], ['--window', '--data=a b']],
])('a host that takes Electron’s place is told of %j what it knows', (words, told) => {
  expect(windowWords(words)).toEqual(told);
});

describe('choice of npm start', () => {
  it.each([
    [[], undefined, true, { show: 'host', words: ['--window'] }],
    [[], '/electron', false, { show: 'host', words: ['--window'] }],
    [['--demo'], '/electron', true, { show: 'electron', words: ['--demo'] }],
    [['--electron'], '/electron', true, { show: 'electron', words: [] }],
    [['--browser'], '/electron', true, { show: 'host', words: ['--browser'] }],
    // What only the desktop app knows would be refused by the host.
    [['--hidden', '--demo'], undefined, true, { show: 'host', words: ['--window', '--demo'] }],
    [['--no-open', '--port', '0'], '/electron', true, { show: 'host', words: ['--no-open', '--port', '0'] }],
  ] as const)('%j, runtime %s, shell %s', (words, electron, shell, expected) => {
    expect(choose(words, electron, shell)).toEqual(expected);
  });

  it.each([
    [['--electron'], undefined, true],
    [['--electron'], '/electron', false],
    [['--electron', '--browser'], '/electron', true],
  ] as const)('can’t do %j (runtime %s, shell %s) and says why', (words, electron, shell) => {
    expect(choose(words, electron, shell)).toBeTypeOf('string');
  });
});

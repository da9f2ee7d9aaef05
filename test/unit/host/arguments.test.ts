/** The arguments of the host. */
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../../electron/host/arguments.ts';

describe('arguments', () => {
  it('default to the address only, on the port of last time', () => {
    expect(readArguments(['--data', '/x'], {})).toEqual({
      dataDir: '/x',
      port: null,
      demo: false,
      open: 'nothing',
      perf: false,
      help: false,
    });
  });

  it('keep the demo apart', () => {
    expect(readArguments(['--data', '/x', '--demo', '--window', '--port', '0'], {})).toMatchObject({
      dataDir: '/x/demo',
      demo: true,
      open: 'window',
      port: 0,
    });
  });

  it.each([
    [['--lan']],
    [['--host', '0.0.0.0']],
    [['--host', '192.168.0.2']],
    [['--port', 'x']],
    [['--port', '70000']],
    [['--nonsense']],
    [['word']],
  ])('refuse %j with a sentence', (words) => {
    expect(readArguments(words, {})).toBeTypeOf('string');
  });
});

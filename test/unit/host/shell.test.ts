/** The commands that open an address or show a file. */
import { describe, expect, it } from 'vitest';
import { openUrlCommand, revealCommand } from '../../../electron/host/shell.ts';

describe('shell', () => {
  it('passes a file as one argument, whatever it is called', () => {
    const file = '/out/a; rm -rf "$HOME" `x`/b.png';
    expect(revealCommand(file, 'linux')).toMatchObject({ file: 'xdg-open', args: ['/out/a; rm -rf "$HOME" `x`'] });
    expect(revealCommand(file, 'darwin')).toMatchObject({ file: 'open', args: ['-R', file] });
    expect(revealCommand('C:\\a b\\c.png', 'win32')).toMatchObject({
      file: 'explorer.exe',
      args: ['/select,"C:\\a b\\c.png"'],
    });
    for (const platform of ['linux', 'darwin', 'win32'] as const) {
      expect(revealCommand(file, platform).options?.shell).toBeUndefined();
      expect(openUrlCommand('http://127.0.0.1:1/', platform).args.at(-1)).toBe('http://127.0.0.1:1/');
    }
  });
});

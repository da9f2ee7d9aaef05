/** The log: secrets never get in, files are rotated, a disk that refuses does not stop the tail. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogSink, redact } from '../../../electron/core/log.ts';
import { tempDir } from '../../support/stores.ts';

let dir: ReturnType<typeof tempDir>;
beforeEach(() => {
  dir = tempDir();
});
afterEach(() => {
  dir.remove();
});

describe('redact', () => {
  it('takes out secrets by name and by shape, at any depth', () => {
    const text = JSON.stringify(
      redact({
        authorization: 'Bearer abcdefghijk',
        nested: { password: 'hunter2', list: [{ token: 't0k3n' }] },
        url: 'http://127.0.0.1:1/launch?code=0123456789abcdef0123',
        cookie: 'swarm_token=aa.bb.cc',
        message: 'sent Bearer abcdefghijklmnop and swarm_token=secretsecret;',
        error: Object.assign(new Error('Basic dXNlcjpwYXNzd29yZA=='), { code: 'E' }),
      }),
    );
    for (const secret of [
      'abcdefghijk',
      'hunter2',
      't0k3n',
      '0123456789abcdef',
      'aa.bb.cc',
      'secretsecret',
      'dXNlcjpwYXNzd29yZA',
    ])
      expect(text).not.toContain(secret);
    expect(text).toContain('"code":"E"');
  });

  it('survives what refers to itself', () => {
    const loop: Record<string, unknown> = {};
    loop['self'] = loop;
    expect(() => JSON.stringify(redact(loop))).not.toThrow();
  });
});

describe('the sink', () => {
  it('writes JSON lines and keeps a tail by level', () => {
    const sink = new LogSink(dir.path);
    const log = sink.log({ part: 'a' }).child({ job: 'j' });
    log.debug('not in the file');
    log.info('a sentence', { token: 'secret' });
    const lines = readFileSync(join(dir.path, 'switchyard.log'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      message: 'a sentence',
      fields: { part: 'a', job: 'j', token: '[redacted]' },
    });
    expect(sink.tail(10, 'debug').map((entry) => entry.level)).toEqual(['debug', 'info']);
    expect(sink.tail(10, 'warn')).toEqual([]);
  });

  it('keeps five files of two megabytes', () => {
    const sink = new LogSink(dir.path);
    const log = sink.log();
    for (let n = 0; n < 2_000; n += 1) log.info('x'.repeat(7_500));
    const files = readdirSync(dir.path).sort();
    expect(files).toEqual([
      'switchyard.log',
      'switchyard.log.1',
      'switchyard.log.2',
      'switchyard.log.3',
      'switchyard.log.4',
    ]);
  });

  it('goes on with the tail when the file can no longer be written, and says so once', () => {
    const folder = join(dir.path, 'logs');
    const sink = new LogSink(folder);
    rmSync(folder, { recursive: true });
    mkdirSync(join(folder, 'switchyard.log'), { recursive: true });
    sink.log().info('one');
    sink.log().info('two');
    const messages = sink.tail(10, 'info').map((entry) => entry.message);
    expect(messages.filter((message) => message.includes('can no longer be written'))).toHaveLength(1);
    expect(messages).toContain('two');
  });
});

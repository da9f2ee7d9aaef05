/** What is made of a server's answer: its status, its JSON, its shape. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { HttpAnswer } from '../../../../electron/core/net/http-client.ts';
import { expectOk, jsonOf, readable, readAnswer } from '../../../../electron/core/servers/answers.ts';

const answer = (text: string, status = 200): HttpAnswer => ({
  status,
  text,
  contentType: 'application/json',
  location: null,
  cookies: [],
});
const CountSchema = z.object({ count: z.number() });

describe('an answer', () => {
  it('with another status than 200: server_protocol, with what it said', () => {
    expect(expectOk(answer('{}'), 'GET /x').text).toBe('{}');
    expect(() => expectOk(answer('<html>', 502), 'GET /x')).toThrow(
      expect.objectContaining({ code: 'server_protocol', details: { status: 502, sample: '<html>' } }),
    );
  });

  it('that is no JSON: server_protocol, with what it said', () => {
    expect(() => readAnswer(CountSchema, answer('<html>'), 'GET /x')).toThrow(
      expect.objectContaining({ code: 'server_protocol', details: { status: 200, sample: '<html>' } }),
    );
    expect(jsonOf(answer('<html>'))).toBeUndefined();
  });

  it('of another shape: server_protocol, with the place', () => {
    expect(() => readAnswer(CountSchema, answer('{"count":"many"}'), 'GET /x')).toThrow(
      expect.objectContaining({
        code: 'server_protocol',
        details: expect.objectContaining({ path: 'count' }) as unknown,
      }),
    );
  });

  it('is read as Python writes it', () => {
    expect(jsonOf(answer('{"count":NaN}'))).toEqual({ count: null });
  });
});

it('leaves out what can not be read of a list, and nothing else', () => {
  expect(readable(CountSchema).parse([{ count: 1 }, null, { count: 'x' }, { count: 2 }])).toEqual([
    { count: 1 },
    { count: 2 },
  ]);
  expect(readable(CountSchema).safeParse(null).success).toBe(false);
});

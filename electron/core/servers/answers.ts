/**
 * Answers of a server, read: the status that was expected, JSON, and the shape of a schema. What none of them fits throws
 * `server_protocol` with a sample. Knows no route.
 */
import { z } from 'zod';
import { AppError } from '../../../shared/errors.ts';
import type { HttpAnswer } from '../net/http-client.ts';
import { parsePythonJson } from '../net/python-json.ts';

/** Throws unless the answer is 200. `route` names it in the error. */
export function expectOk(answer: HttpAnswer, route: string): HttpAnswer {
  if (answer.status === 200) return answer;
  throw new AppError('server_protocol', `${route}: status ${String(answer.status)}`, {
    details: { status: answer.status, sample: answer.text.slice(0, 300) },
  });
}

/** An answer's JSON (as Python writes it) in the shape of the schema, whatever its status. */
export function readAnswer<Schema extends z.ZodType>(
  schema: Schema,
  answer: HttpAnswer,
  route: string,
): z.output<Schema> {
  const value = jsonOf(answer);
  if (value === undefined)
    throw new AppError('server_protocol', `${route}: the answer is not JSON`, {
      details: { status: answer.status, sample: answer.text.slice(0, 300) },
    });
  return readValue(schema, value, route);
}

/** JSON that is parsed already, in the shape of the schema. */
export function readValue<Schema extends z.ZodType>(schema: Schema, value: unknown, route: string): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('server_protocol', `${route}: unexpected answer`, {
    details: { path: issue?.path.join('.') ?? '', issue: issue?.message ?? '' },
  });
}

/** Undefined when it is no JSON. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return parsePythonJson(answer.text);
  } catch {
    return undefined;
  }
}

/** A list whose unreadable items are left out: one strange prompt of a stranger must not hide all others. */
export function readable<Item extends z.ZodType>(item: Item): z.ZodType<z.output<Item>[]> {
  return z.array(z.unknown()).transform((items) =>
    items.flatMap((value) => {
      const parsed = item.safeParse(value);
      return parsed.success ? [parsed.data] : [];
    }),
  );
}

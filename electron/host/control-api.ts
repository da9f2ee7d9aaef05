/**
 * The contract over plain HTTP for scripts: `POST /api/<call>` with the arguments as JSON, and an OpenAPI document made of
 * the contract. Same validation as every other transport (invoke.ts). Events are a WebSocket (sockets.ts).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ContractShape } from '../../shared/contract-types.ts';
import { AppError, isAbort, toWire } from '../../shared/errors.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { LONG_CALLS } from '../../shared/long-calls.ts';
import { contractHash, jsonSchema } from '../../shared/rpc/contract-hash.ts';
import type { Invoker } from '../../shared/rpc/invoke.ts';
import { Aborted } from '../../shared/util/async.ts';
import { faceOf, mayCall, replyFor } from './callers.ts';
import type { Caller } from './callers.ts';
import { readJson, sendJson, TooLarge } from '../listen/answers.ts';
import { LIMITS } from '../listen/guards.ts';

const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  not_found: 404,
  conflict: 409,
  not_allowed: 403,
  server_unreachable: 502,
  server_timeout: 504,
  server_auth: 502,
  server_unsupported: 502,
  server_protocol: 502,
  server_rejected: 422,
  execution_failed: 422,
  stopped_elsewhere: 409,
  lost: 410,
  outputs_unavailable: 410,
  storage: 507,
  bug: 500,
};

export interface ControlApi {
  /** Answers one `POST /api/<name>`; the caller is known and allowed to change things. `head` are the answer's headers. */
  answer(
    name: string,
    caller: Caller,
    request: IncomingMessage,
    response: ServerResponse,
    head: Record<string, string>,
  ): Promise<void>;
  /** The OpenAPI 3.1 document, as JSON. */
  openApi(): string;
}

export function createControlApi(options: {
  contract: ContractShape;
  invoker: Invoker;
  version: string;
  onBug: (error: unknown, call: string) => void;
}): ControlApi {
  let document: string | undefined;
  return {
    async answer(name, caller, request, response, head) {
      const left = new AbortController();
      response.once('close', () => {
        left.abort(new Aborted('CallerLeft'));
      });
      const reply = (status: number, value: unknown): void => {
        if (!response.destroyed) sendJson(response, status, value, head);
      };
      try {
        const args = await readJson(request);
        const value = await options.invoker.invoke(
          name,
          args,
          { signal: left.signal, face: faceOf(caller, 'http') },
          mayCall(caller),
        );
        reply(200, replyFor(caller)(name, value));
      } catch (error) {
        if (left.signal.aborted) return;
        if (error instanceof TooLarge) {
          head = { ...head, connection: 'close' };
          reply(413, {
            error: toWire(new AppError('invalid_request', `a request is at most ${LIMITS.bodyBytes} bytes`)),
          });
          return;
        }
        const wire = toWire(error);
        if (wire.code === 'bug' && !isAbort(error)) options.onBug(error, name);
        reply(STATUS[wire.code], { error: wire });
      }
    },
    openApi() {
      document ??= JSON.stringify(openApiOf(options.contract, options.version));
      return document;
    },
  };
}

function openApiOf(contract: ContractShape, version: string): unknown {
  const error = {
    description: 'What went wrong',
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  };
  const paths = Object.fromEntries(
    Object.entries(contract.calls).map(([name, spec]) => [
      `/api/${name}`,
      {
        post: {
          operationId: name,
          tags: [name.split('.', 1)[0]],
          description: `Needs *${spec.access}*${spec.reach === 'any' ? '' : '; only served to this machine (private socket)'}${LONG_CALLS.has(name) ? '; may take as long as a job does' : ''}.`,
          'x-reach': spec.reach,
          requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(spec.input, 'input') } } },
          responses: {
            '200': {
              description: 'The value',
              content: { 'application/json': { schema: jsonSchema(spec.output, 'output') } },
            },
            default: error,
          },
        },
      },
    ]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'Switchyard',
      version,
      description:
        'The control API of a Switchyard host. `GET /api/events?topics=a,b` is a WebSocket of `{topic, payload}`.',
      'x-contract-hash': contractHash(contract),
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Error: {
          type: 'object',
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              required: ['code', 'message'],
              properties: {
                code: { enum: Object.keys(STATUS) },
                message: { type: 'string' },
                details: { type: 'object' },
              },
            },
          },
        },
        ...Object.fromEntries(
          Object.entries(contract.events).map(([topic, schema]) => [`event.${topic}`, jsonSchema(schema, 'output')]),
        ),
      },
    },
  };
}

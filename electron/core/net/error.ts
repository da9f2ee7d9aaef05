/**
 * Says what a failed request means: which AppError code it is, and whether any byte of it can have reached the server
 * (architecture §8, §12). Judges by error codes, never by prose. Makes no requests.
 */
import { AppError } from '../../../shared/errors.ts';

/** How far a request got. `not-sent` is proven: no connection stood, so no byte was taken. */
export type Delivery = 'not-sent' | 'unsure';

const CODE_DEPTH = 5;

/** The error codes of an error and of what caused it, outermost first. */
function errorCodes(error: unknown): string[] {
  const codes: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < CODE_DEPTH && current instanceof Error; depth += 1) {
    const code: unknown = 'code' in current ? current.code : undefined;
    if (typeof code === 'string') codes.push(code);
    // undici's parser leaves its code empty for some of its errors.
    else if (current.name === 'HTTPParserError') codes.push('HPE_UNREADABLE');
    if (current instanceof AggregateError) for (const inner of current.errors) codes.push(...errorCodes(inner));
    current = current.cause;
  }
  return codes;
}

const NO_ANSWER = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);
const TLS = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;
const UNREADABLE = /^(HPE_|UND_ERR_RES_EXCEEDED|UND_ERR_RESPONSE|UND_ERR_HEADERS_OVERFLOW)/;

/** `what` names the request for the log, e.g. `GET /prompt`. `delivery` is kept in `details`. */
export function networkError(error: unknown, what: string, delivery: Delivery): AppError {
  const codes = errorCodes(error);
  const details = {
    delivery,
    ...(codes[0] === undefined ? {} : { cause: codes.at(-1) }),
    tls: codes.some((code) => TLS.test(code)),
  };
  const make = (code: 'server_unreachable' | 'server_timeout' | 'server_protocol', said: string): AppError =>
    new AppError(code, `${what}: ${said}`, { details, cause: error });
  if (codes.some((code) => UNREADABLE.test(code))) return make('server_protocol', 'the answer could not be read');
  if (delivery === 'unsure' && codes.some((code) => NO_ANSWER.has(code)))
    return make('server_timeout', 'no answer in time');
  if (codes.some((code) => TLS.test(code))) return make('server_unreachable', 'no secure connection');
  return make(
    'server_unreachable',
    delivery === 'not-sent' ? 'no connection' : 'the connection broke before the answer',
  );
}

/** How far the request got that failed with this error; `unsure` when it is not known. */
export function deliveryOf(error: AppError): Delivery {
  return error.details?.['delivery'] === 'not-sent' ? 'not-sent' : 'unsure';
}

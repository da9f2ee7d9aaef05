/**
 * Every path the host answers, and how: the page and its files, launch links, sessions, media, the control API, and the
 * host's own questions (private socket only). Guards and credentials were checked before (http-server.ts).
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Auth } from './auth.ts';
import type { Caller } from './callers.ts';
import type { ControlApi } from './control-api.ts';
import { MEDIA_PATH } from '../../shared/media.ts';
import { sendJson } from '../listen/answers.ts';
import { valuesOf } from '../listen/guards.ts';
import type { Asked, Refusal, RouteKind } from '../listen/guards.ts';
import { contentSecurityPolicy, headersFor } from '../listen/headers.ts';
import type { StaticFile, StaticFiles } from './static-files.ts';

/** What may be asked of the host itself, over the private socket only. */
export interface HostControl {
  /** `GET /host/status` */
  status(): Record<string, unknown>;
  /** `POST /host/launch`: an address that opens one window, once. */
  launchUrl(): string;
}

export interface RouteOptions {
  auth: Auth;
  files: StaticFiles;
  api: ControlApi;
  media: (request: Request) => Promise<Response>;
  control: HostControl;
}

/** One request, let through. */
export interface Answering {
  asked: Asked;
  url: URL;
  /** Null on routes that ask for no credential. */
  caller: Caller | null;
  request: IncomingMessage;
  response: ServerResponse;
  /** Refuses after all, and counts it. */
  refuse: (refusal: Refusal) => void;
}

export interface Route {
  kind: RouteKind;
  answer: (answering: Answering) => Promise<void> | void;
  /** Asks for no credential. */
  open?: true;
  /** Is not there over TCP. */
  onlyPrivate?: true;
}

/** Answers which route a path is; `undefined` where there is none. Names of calls are not looked at: the API knows them. */
export function createRoutes(options: RouteOptions): (path: string) => Route | undefined {
  const { auth, files, api, control } = options;
  const fixed = new Map<string, Route>([
    ['/', { kind: 'shell', open: true, answer: (answering) => sendPage(files, answering) }],
    ['/launch', { kind: 'launch', open: true, answer: (answering) => launch(auth, answering) }],
    ['/session', { kind: 'api-read', answer: sendSession }],
    ['/api/openapi.json', { kind: 'api-read', answer: (answering) => sendDocument(api, answering) }],
    ['/host/status', asked('api-read', () => control.status())],
    ['/host/launch', asked('api-change', () => ({ url: control.launchUrl() }))],
    [
      '/host/revoke',
      asked('api-change', () => {
        auth.revoke(null);
        return {};
      }),
    ],
  ]);
  return (path) => {
    const known = fixed.get(path);
    if (known !== undefined) return known;
    if (path.startsWith(MEDIA_PATH))
      return { kind: 'media', answer: (answering) => sendMedia(options.media, answering) };
    if (path.startsWith('/api/')) return { kind: 'api-change', answer: (answering) => carryOut(api, answering) };
    const file = files.get(path);
    return file === undefined
      ? undefined
      : { kind: 'static', open: true, answer: (answering) => sendFile(file, answering) };
  };
}

/** What is asked of the host itself. */
function asked(kind: RouteKind, answer: () => unknown): Route {
  return { kind, onlyPrivate: true, answer: ({ response }) => sendJson(response, 200, answer(), headersFor(kind)) };
}

function sendPage(files: StaticFiles, { asked, response }: Answering): void {
  const nonce = randomBytes(16).toString('base64');
  const html = files.page(nonce);
  response.writeHead(html === null ? 503 : 200, {
    ...headersFor('shell'),
    'content-security-policy': contentSecurityPolicy(nonce, `ws://${valuesOf(asked, 'host')[0] ?? ''}`),
    'content-type': 'text/html; charset=utf-8',
  });
  response.end(
    asked.method === 'HEAD'
      ? undefined
      : (html ?? '<!doctype html><title>Switchyard</title><p>The window has not been built: run npm start.</p>'),
  );
}

function launch(auth: Auth, { asked, url, response, refuse }: Answering): void {
  const cookie = auth.redeem(url.searchParams.get('code') ?? '');
  // Whoever clicks a link twice has a session already, and gets to the page.
  const known = cookie === null && auth.sessionOf(valuesOf(asked, 'cookie')[0] ?? '') !== null;
  if (cookie === null && !known) {
    refuse({ status: 401, reason: 'this link was used already or is too old: start Switchyard again for a new one' });
    return;
  }
  response.writeHead(302, {
    ...headersFor('launch'),
    location: '/',
    ...(cookie === null ? {} : { 'set-cookie': cookie }),
  });
  response.end();
}

function sendSession({ caller, response, refuse }: Answering): void {
  if (caller?.by === 'session') sendJson(response, 200, { csrf: caller.session.csrf }, headersFor('api-read'));
  else refuse({ status: 403, reason: 'a token has no session' });
}

function sendDocument(api: ControlApi, { response }: Answering): void {
  response.writeHead(200, { ...headersFor('api-read'), 'content-type': 'application/json; charset=utf-8' });
  response.end(api.openApi());
}

async function carryOut(api: ControlApi, { asked, caller, request, response }: Answering): Promise<void> {
  // As it was sent: what a URL parser makes of `/api/../x` names no call.
  const name = (asked.target.split('?', 1)[0] ?? '').slice('/api/'.length);
  if (caller !== null) await api.answer(name, caller, request, response, headersFor('api-change'));
}

async function sendMedia(
  media: (request: Request) => Promise<Response>,
  { asked, url, request, response }: Answering,
): Promise<void> {
  const { range } = request.headers;
  const answer = await media(
    new Request(url, { method: asked.method, ...(range === undefined ? {} : { headers: { range } }) }),
  );
  response.writeHead(answer.status, { ...Object.fromEntries(answer.headers), ...headersFor('media') });
  if (answer.body === null || asked.method === 'HEAD') {
    response.end();
    await answer.body?.cancel();
    return;
  }
  await pipeline(answer.body, response);
}

async function sendFile(file: StaticFile, { asked, response }: Answering): Promise<void> {
  response.writeHead(200, {
    ...headersFor('static'),
    ...(file.immutable ? { 'cache-control': 'public, max-age=31536000, immutable' } : {}),
    'content-type': file.type,
    'content-length': String(file.bytes),
  });
  if (asked.method === 'HEAD') response.end();
  else await pipeline(file.open(), response);
}

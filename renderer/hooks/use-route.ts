/** Which view is shown: the part of the address after #. Everything after a slash is the view's own. */
import { useSyncExternalStore } from 'react';

export const ROUTES = ['queue', 'history', 'new', 'servers', 'settings', 'log'] as const;
export type Route = (typeof ROUTES)[number];

function read(): string {
  return location.hash.replace(/^#\/?/, '');
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => {
    window.removeEventListener('hashchange', listener);
  };
}

/** The route and what follows it: `#history/01j…` is `['history', '01j…']`. Unknown ones are the queue. */
export function useRoute(): [route: Route, rest: string] {
  const hash = useSyncExternalStore(subscribe, read);
  const [name = '', ...rest] = hash.split('/');
  const route = ROUTES.find((each) => each === name) ?? 'queue';
  return [route, rest.join('/')];
}

export function goTo(route: Route, rest = ''): void {
  location.hash = rest === '' ? route : `${route}/${rest}`;
}
